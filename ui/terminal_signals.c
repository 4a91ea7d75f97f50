/*
 * Signals. What asks us to leave, to stop or to look at the size goes through a pipe to the loop; what kills puts the
 * terminal back first. See terminal.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "ui/terminal_priv.h"

static const int wanted[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT };
static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

#define ALT_STACK ((size_t) 64 * 1024)

static int pipe_fds[2] = { -1, -1 };
static volatile sig_atomic_t away;
static struct sigaction wanted_before[ARRAY_LEN(wanted)], fatal_before[ARRAY_LEN(fatal)];
static void *alt_stack;

static void on_signal(int number)
{
	int saved = errno;
	char byte = (char) number;

	if (!away || (number != SIGINT && number != SIGQUIT && number != SIGTSTP))
		if (write(pipe_fds[1], &byte, 1) < 0)
			errno = saved; /* full: the loop will wake anyway */
	errno = saved;
}

static void on_fatal(int number, siginfo_t *info, void *context UNUSED)
{
	terminal_restore();
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		if (fatal[i] == number)
			sigaction(number, &fatal_before[i], NULL);
	/* A fault happens again when we return, with its own address for a core or a sanitizer; what was sent does not. */
	if (info->si_code <= 0)
		raise(number);
}

static void install(int number, struct sigaction *before)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigemptyset(&action.sa_mask);
	sigaction(number, NULL, before);
	/* nohup, or a shell without job control: what it ignores stays so */
	if (before->sa_handler != SIG_IGN || number == SIGWINCH)
		sigaction(number, &action, NULL);
}

static void install_fatal(void)
{
	struct sigaction action = { .sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	/* A stack overflow needs another stack to be handled on. */
	alt_stack = malloc(ALT_STACK);
	if (alt_stack)
		sigaltstack(&(stack_t){ .ss_sp = alt_stack, .ss_size = ALT_STACK }, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &action, &fatal_before[i]);
}

af_code signals_start(struct af_error *err)
{
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_errno(err, AF_ERR_FAILED, errno, "make a pipe");
	away = 0;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		install(wanted[i], &wanted_before[i]);
	install_fatal();
	return AF_OK;
}

void signals_end(void)
{
	if (pipe_fds[0] < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		sigaction(wanted[i], &wanted_before[i], NULL);
	for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
		sigaction(fatal[i], &fatal_before[i], NULL);
	sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
	free(af_steal(alt_stack));
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	pipe_fds[0] = pipe_fds[1] = -1;
}

int terminal_signal_fd(void)
{
	return pipe_fds[0];
}

struct signals_seen signals_take(void)
{
	struct signals_seen seen = { 0 };
	char bytes[64];
	ssize_t n;

	while (pipe_fds[0] >= 0 && (n = read(pipe_fds[0], bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] == SIGWINCH)
				seen.resize = true;
			else if (bytes[i] == SIGTSTP)
				seen.stop = true;
			else if (bytes[i] == SIGCONT)
				seen.cont = true;
			else
				seen.leave = bytes[i];
		}
	return seen;
}

void signals_away(bool on)
{
	away = on;
}

void signals_stop(void)
{
	struct sigaction ours, plain = { .sa_handler = SIG_DFL };

	sigemptyset(&plain.sa_mask);
	sigaction(SIGTSTP, &plain, &ours);
	/* The whole group, or a script that started us would wait for ever. Where there is nobody who could continue us
	 * (an orphaned group) the kernel does not stop us either. */
	kill(0, SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
}
