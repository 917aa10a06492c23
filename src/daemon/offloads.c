/* SPDX-License-Identifier: ISC */
/* What the kernel does for this tunnel, or why it does not. */
#include <string.h>

#include "daemon/daemon.h"

static const char why_device[] = "device.offload is off";
static const char why_none[] = "this kernel has none";

static const char *why_of(int error)
{
	return error ? strerrordesc_np(error) : why_none;
}

static struct core_offload device_offload(struct daemon *daemon,
    const char *name, bool is_on, int (*error)(const struct tun_batch *batch))
{
	const struct data *receiver = daemon_receiver(daemon);
	const struct config *config = core_config(daemon->core);
	const struct tun_batch *batch = receiver->batch;

	if (config->offload == CONFIG_OFFLOAD_OFF)
		return (struct core_offload){name, false, why_device};
	if (!is_on || !batch)
		return (struct core_offload){
		    name, false, why_of(daemon->offload.error)};
	return (struct core_offload){name, !error(batch), why_of(error(batch))};
}

static struct core_offload udp_gso(const struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);

	if (config->udp_gso == CONFIG_OFFLOAD_OFF)
		return (struct core_offload){
		    "udp_gso", false, "listen.udp_gso is off"};
	return (struct core_offload){
	    "udp_gso", udp_has_gso(daemon->udp), why_none};
}

static struct core_offload udp_gro(const struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);

	if (config->udp_gro == CONFIG_OFFLOAD_OFF)
		return (struct core_offload){
		    "udp_gro", false, "listen.udp_gro is off"};
	return (struct core_offload){
	    "udp_gro", udp_has_gro(daemon->udp), why_none};
}

void offloads_tell(
    struct daemon *daemon, struct core_offload ret[CORE_OFFLOADS])
{
	ret[0] = device_offload(
	    daemon, "tun_tso", daemon->offload.has_tso, tun_batch_tcp_error);
	ret[1] = device_offload(
	    daemon, "tun_uso", daemon->offload.has_uso, tun_batch_udp_error);
	ret[2] = udp_gso(daemon);
	ret[3] = udp_gro(daemon);
}
