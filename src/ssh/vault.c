/* Passphrases. See vault.h. */
#include "ssh/vault.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bytes.h"

struct entry {
	char *file, *secret;
	struct entry *next;
};

struct vault {
	atomic_int refs;
	pthread_mutex_t lock; /* held while the user is asked: the next one finds the answer */
	bool (*ask)(void *arg, const char *question, struct cancel *cancel, char **answer);
	void *arg;
	struct entry *entries;
};

void secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

struct vault *vault_new(const struct ssh_options *options, struct af_error *err)
{
	struct vault *v = calloc(1, sizeof(*v));

	if (!v) {
		error_nomem(err);
		return NULL;
	}
	atomic_init(&v->refs, 1);
	pthread_mutex_init(&v->lock, NULL);
	v->ask = options ? options->ask : NULL;
	v->arg = options ? options->arg : NULL;
	return v;
}

struct vault *vault_ref(struct vault *v)
{
	atomic_fetch_add(&v->refs, 1);
	return v;
}

void vault_unref(struct vault *v)
{
	if (!v || atomic_fetch_sub(&v->refs, 1) != 1)
		return;
	while (v->entries) {
		struct entry *e = v->entries;
		v->entries = e->next;
		secret_free(e->secret);
		free(e->file);
		free(e);
	}
	pthread_mutex_destroy(&v->lock);
	free(v);
}

bool vault_can_ask(const struct vault *v)
{
	return v->ask != NULL;
}

static struct entry *entry_of(struct vault *v, const char *file)
{
	for (struct entry *e = v->entries; e; e = e->next)
		if (!strcmp(e->file, file))
			return e;
	struct entry *e = calloc(1, sizeof(*e));
	if (!e || !(e->file = strdup(file))) {
		free(e);
		return NULL;
	}
	e->next = v->entries;
	v->entries = e;
	return e;
}

static bool ask(struct vault *v, struct entry *e, bool wrong, struct cancel *cancel)
{
	AUTO_STRBUF question = STRBUF_INIT(STRBUF_LINE);
	char *answer = NULL;

	strbuf_adds(&question, wrong ? "That did not fit. Passphrase of " : "Passphrase of ");
	text_add_safe(&question, e->file, strlen(e->file), false);
	strbuf_adds(&question, ": ");
	if (!v->ask || cancel_requested(cancel) || !v->ask(v->arg, question.data, cancel, &answer))
		return false;
	secret_free(e->secret);
	e->secret = answer;
	return true;
}

bool vault_get(struct vault *v, const char *file, bool wrong, struct cancel *cancel, char **out)
{
	*out = NULL;
	pthread_mutex_lock(&v->lock);
	struct entry *e = entry_of(v, file);
	if (e && (wrong || !e->secret) && !ask(v, e, wrong, cancel))
		e = NULL;
	if (e && e->secret)
		*out = strdup(e->secret);
	pthread_mutex_unlock(&v->lock);
	return *out != NULL;
}
