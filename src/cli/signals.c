#include "cli/signals.h"

#include <signal.h>

/* The awaited signals; returns one of them, 0 for an empty set. */
static int awaited(sigset_t *set)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	int any = 0;

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct sigaction old;

		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
			sigaddset(set, numbers[i]);
			any = numbers[i];
		}
	}
	return any;
}

static void *wait_for_signals(void *arg)
{
	struct signals *s = arg;
	sigset_t set;
	int number;

	awaited(&set);
	sigaddset(&set, SIGWINCH);
	while (sigwait(&set, &number) == 0 && !s->stopping) {
		if (number == SIGWINCH) {
			terminal_resized(s->terminal);
			continue;
		}
		if (cancel_requested(s->cancel))
			terminal_note(s->terminal, "afs: still cleaning up, one moment");
		cancel_trigger(s->cancel);
	}
	return NULL;
}

af_code signals_start(struct signals *s, struct cancel *cancel, struct terminal *terminal, struct af_error *err)
{
	sigset_t set;
	int failed;

	*s = (struct signals){ .cancel = cancel, .terminal = terminal };
	s->any = awaited(&set);
	if (!s->any)
		return AF_OK;
	sigaddset(&set, SIGWINCH); /* what is ignored by default is only kept for sigwait() while it is blocked */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	failed = pthread_create(&s->thread, NULL, wait_for_signals, s);
	if (failed)
		return error_errno(err, AF_ERR_FAILED, failed, "start a thread");
	s->running = true;
	return AF_OK;
}

void signals_stop(struct signals *s)
{
	if (!s->running)
		return;
	s->stopping = true;
	pthread_kill(s->thread, s->any);
	pthread_join(s->thread, NULL);
	s->running = false;
}
