/* SPDX-License-Identifier: ISC */
/* What the kernel does for this tunnel, or why it does not. */
#include <errno.h>
#include <string.h>

#include "daemon/daemon.h"

static const char why_device[] = "device.offload is off";
static const char why_none[] = "this kernel has none";
static const char why_no_uso[] = "this kernel has none, Linux 6.2 has it";
static const char why_unsound[] =
    "Linux 7.0 and 7.1 spoil it, see listen.udp_gso in vpnd.conf(5)";

/* A kernel that does not know an offload says EINVAL when the device is opened. */
static const char *why_not_opened(int error, const char *unknown)
{
	return error && error != EINVAL ? strerrordesc_np(error) : unknown;
}

static struct core_offload device_offload(struct daemon *daemon,
    const char *name, bool is_on, const char *unknown,
    int (*error)(const struct tun_batch *batch))
{
	const struct data *receiver = daemon_receiver(daemon);
	const struct config *config = core_config(daemon->core);
	const struct tun_batch *batch = receiver->batch;

	if (config->offload == CONFIG_OFFLOAD_OFF)
		return (struct core_offload){name, false, why_device};
	if (!is_on || !batch)
		return (struct core_offload){name, false,
		    why_not_opened(daemon->offload.error, unknown)};
	return (struct core_offload){
	    name, !error(batch), strerrordesc_np(error(batch))};
}

static struct core_offload udp_gso(const struct daemon *daemon)
{
	const struct config *config = core_config(daemon->core);

	if (config->udp_gso == CONFIG_OFFLOAD_OFF)
		return (struct core_offload){
		    "udp_gso", false, "listen.udp_gso is off"};
	return (struct core_offload){
	    "udp_gso", udp_has_gso(daemon->udp),
	    udp_is_gso_unsound() ? why_unsound : why_none};
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

static void tell_once(
    struct daemon *daemon, const char *kind, int error, bool *has_told)
{
	if (!error || *has_told)
		return;
	*has_told = true;
	log_warning(&daemon->logger.log,
	    "device %s: the kernel takes no %s super-packets (%s): packets go "
	    "to it one by one from now on; see device.offload in vpnd.conf(5)",
	    daemon->device, kind, strerrordesc_np(error));
}

void offloads_turn(struct daemon *daemon)
{
	const struct tun_batch *batch = daemon_receiver(daemon)->batch;

	if (!batch)
		return;
	tell_once(daemon, "TCP", tun_batch_tcp_error(batch),
	    &daemon->has_told_tcp);
	tell_once(daemon, "UDP", tun_batch_udp_error(batch),
	    &daemon->has_told_udp);
}

void offloads_tell(
    struct daemon *daemon, struct core_offload ret[CORE_OFFLOADS])
{
	ret[0] = device_offload(daemon, "tun_tso", daemon->offload.has_tso,
	    why_none, tun_batch_tcp_error);
	ret[1] = device_offload(daemon, "tun_uso", daemon->offload.has_uso,
	    why_no_uso, tun_batch_udp_error);
	ret[2] = udp_gso(daemon);
	ret[3] = udp_gro(daemon);
}
