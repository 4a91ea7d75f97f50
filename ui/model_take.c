/* What a host lists, put among what is known of the others. See model.h. */
#include <string.h>

#include "base/bytes.h"
#include "ui/model.h"

/* Frees what the host had told of an environment. If its engine said nothing, containers stay as they were. */
static void forget_origin(struct environment *e, const char *origin, bool only_registered)
{
	int kept = 0;

	if (only_registered && !strcmp(e->mode, "docker"))
		return;
	for (int i = 0; i < e->count; i++) {
		struct replica *r = &e->replicas[i];
		if (!strcmp(r->origin, origin))
			replica_clear(r);
		else
			e->replicas[kept++] = *r;
	}
	e->count = kept;
}

/* "calc@gpu-a" is "calc" of that host. */
static bool has_base_name(const struct environment *e, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(e->name, name, len) && (!e->name[len] || e->name[len] == '@');
}

/* The one of which these are further replicas. *taken: the name is another deployment's. */
static struct environment *find(struct model *m, const struct environment *fresh, bool *taken)
{
	*taken = false;
	for (int i = 0; i < m->count; i++) {
		struct environment *e = &m->environments[i];
		if (!has_base_name(e, fresh->name))
			continue;
		if (*fresh->token && !strcmp(e->token, fresh->token))
			return e;
		*taken |= !strcmp(e->name, fresh->name);
	}
	return NULL;
}

static int by_number(const void *a, const void *b)
{
	const struct replica *x = a, *y = b;

	return x->number != y->number ? (x->number > y->number) - (x->number < y->number) : strcmp(x->host, y->host);
}

/* Moves the replicas; without memory those left are listed again soon. */
static void join(struct environment *to, struct environment *from)
{
	struct replica *all = realloc(to->replicas, (size_t) (to->count + from->count + 1) * sizeof(*all));

	if (!all)
		return;
	to->replicas = all;
	memcpy(all + to->count, from->replicas, (size_t) from->count * sizeof(*all));
	to->count += from->count;
	from->count = 0;
	to->planned = MAX(to->planned, from->planned);
	to->ours |= from->ours;
	qsort(all, (size_t) to->count, sizeof(*all), by_number);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct environment *) a)->name, ((const struct environment *) b)->name);
}

/* Takes the environment whole; what goes on under its name keeps its past. */
static void append(struct model *m, struct environment *e, const char *origin, bool taken, const struct model *gone)
{
	char *name = taken ? str_format(NULL, "%s@%s", e->name, origin) : NULL;

	if (name) {
		free(e->name);
		e->name = name;
	}
	for (int i = 0; i < gone->count; i++)
		if (!strcmp(gone->environments[i].name, e->name))
			e->rates = gone->environments[i].rates;
	m->environments[m->count++] = *e;
	*e = (struct environment){ 0 };
}

void model_take(struct model *m, const char *origin, struct model *fresh, bool only_registered)
{
	struct environment *all = calloc((size_t) (m->count + fresh->count + 1), sizeof(*all));
	struct model gone = { .environments = m->environments };
	int count = m->count;
	bool taken;

	if (!all)
		return;
	m->environments = all;
	m->count = 0;
	for (int i = 0; i < count; i++) {
		struct environment *e = &gone.environments[i];
		forget_origin(e, origin, only_registered);
		if (e->count)
			m->environments[m->count++] = *e;
		else
			gone.environments[gone.count++] = *e;
	}
	for (int i = 0; i < fresh->count; i++) {
		struct environment *e = &fresh->environments[i], *same = find(m, e, &taken);
		if (same)
			join(same, e);
		else
			append(m, e, origin, taken, &gone);
	}
	model_free(&gone);
	if (m->count > 1)
		qsort(m->environments, (size_t) m->count, sizeof(*m->environments), by_name);
}
