/* SPDX-License-Identifier: ISC */
/*
 * The system calls that vpnd may use once it is set up.
 *
 * Memory can not become executable, nor another process be scheduled anew.
 * Under a sanitizer there is no list, as its run-time needs others.
 */
#include "daemon/privileges.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#include "base/sanitized.h"

#define CALL(name) SCMP_SYS(name)

static const int allowed[] = {
    /* the data path, control, resolver, netlink */
    CALL(read),
    CALL(write),
    CALL(readv),
    CALL(writev),
    CALL(recvmmsg),
    CALL(sendmmsg),
    CALL(recvmsg),
    CALL(sendmsg),
    CALL(recvfrom),
    CALL(sendto),
    CALL(socket),
    CALL(socketpair),
    CALL(bind),
    CALL(connect),
    CALL(accept),
    CALL(accept4),
    CALL(listen),
    CALL(shutdown),
    CALL(getsockname),
    CALL(getpeername),
    CALL(getsockopt),
    CALL(setsockopt),
    CALL(close),
    CALL(ioctl),
    CALL(fcntl),
    CALL(dup),
    CALL(pipe2),
    /* the loop and time */
    CALL(epoll_create1),
    CALL(epoll_ctl),
    CALL(epoll_wait),
    CALL(epoll_pwait),
    CALL(eventfd2),
    CALL(timerfd_create),
    CALL(timerfd_settime),
    CALL(poll),
    CALL(ppoll),
    CALL(select),
    CALL(pselect6),
    CALL(clock_gettime),
    CALL(clock_getres),
    CALL(clock_nanosleep),
    CALL(nanosleep),
    CALL(gettimeofday),
    CALL(time),
    CALL(getrandom),
    /* files: key files, state, sockets' names, resolv.conf */
    CALL(open),
    CALL(openat),
    CALL(fstat),
    CALL(stat),
    CALL(lstat),
    CALL(newfstatat),
    CALL(statx),
    CALL(access),
    CALL(faccessat),
    CALL(faccessat2),
    CALL(lseek),
    CALL(pread64),
    CALL(pwrite64),
    CALL(unlink),
    CALL(unlinkat),
    CALL(rename),
    CALL(renameat),
    CALL(renameat2),
    CALL(mkdir),
    CALL(mkdirat),
    CALL(rmdir),
    CALL(chmod),
    CALL(lchown),
    CALL(fchownat),
    CALL(fchmod),
    CALL(fchmodat),
    CALL(fsync),
    CALL(fdatasync),
    CALL(ftruncate),
    CALL(flock),
    CALL(umask),
    CALL(getcwd),
    CALL(readlink),
    CALL(readlinkat),
    CALL(getdents64),
    /* memory */
    CALL(brk),
    CALL(munmap),
    CALL(mremap),
    CALL(madvise),
    CALL(mlock),
    CALL(mlock2),
    CALL(munlock),
    /* the process itself, and the loader at the end */
    CALL(rt_sigaction),
    CALL(rt_sigprocmask),
    CALL(rt_sigreturn),
    CALL(sigaltstack),
    CALL(restart_syscall),
    CALL(futex),
    CALL(set_robust_list),
    CALL(rseq),
    CALL(getpid),
    CALL(gettid),
    CALL(getppid),
    CALL(getuid),
    CALL(geteuid),
    CALL(getgid),
    CALL(getegid),
    CALL(getgroups),
    CALL(uname),
    CALL(sysinfo),
    CALL(getrlimit),
    CALL(prlimit64),
    CALL(getrusage),
    CALL(sched_yield),
    CALL(sched_getaffinity),
    CALL(kill),
    CALL(tgkill),
    CALL(wait4),
    CALL(exit),
    CALL(exit_group),
};

/* Of the calling thread only. */
static const int of_oneself[] = {
    CALL(sched_getattr), CALL(sched_setattr), CALL(sched_setaffinity)};

/* Those whose third argument must not have PROT_EXEC. */
static const int without_exec[] = {CALL(mmap), CALL(mprotect)};

static int add_rules(scmp_filter_ctx filter)
{
	int code = 0;

	for (size_t i = 0; i < ARRAY_SIZE(allowed) && !code; i++)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(of_oneself) && !code; i++)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, of_oneself[i],
		    1, SCMP_A0(SCMP_CMP_EQ, 0, 0));
	for (size_t i = 0; i < ARRAY_SIZE(without_exec) && !code; i++)
		code = seccomp_rule_add(filter, SCMP_ACT_ALLOW, without_exec[i],
		    1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return code;
}

int sandbox_enter(void)
{
	scmp_filter_ctx filter;
	int code;

	if (IS_SANITIZED)
		return 0;
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return -ENOMEM;
	/* of all threads */
	code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (!code)
		code = add_rules(filter);
	if (!code)
		code = seccomp_load(filter);
	seccomp_release(filter);
	return code;
}
