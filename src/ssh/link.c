/* One connection to a host, and its channels. */
#include <errno.h>
#include <linux/tcp.h> /* with tcpi_min_rtt */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "ssh/tunnel.h"

/* sshd's default. */
#define MAX_SESSIONS 10
/* An operation that has waited so long for the other side waits for nothing. */
#define STALL_MS 30000
/* A second connection that nobody uses any more. */
#define IDLE_MS 60000

static void session_ready(void *arg, int events)
{
	struct link *l = arg;

	l->readable |= (events & LOOP_READ) != 0;
	link_pump(l);
}

/* libssh2 takes more from the socket than the packet that an operation waits for. The rest stays in its own buffer,
 * of which neither the socket nor a channel tells anything: only that it asks for more shows that nothing is left. */
static ssize_t receive(libssh2_socket_t fd, void *to, size_t len, int flags, void **abstract)
{
	struct link *l = *abstract;
	ssize_t n = recv(fd, to, len, flags);

	l->dry = n == 0 || (n < 0 && errno != EINTR);
	l->fresh |= n > 0;
	if (n < 0)
		n = errno == EINTR ? -EAGAIN : -errno;
	return n;
}

static void soon(void *arg)
{
	link_pump(arg);
}

void link_soon(struct link *l)
{
	loop_timer_start(l->soon, 0);
}

/* ---- staying alive ------------------------------------------------------------------------------------ */

static bool stalled(const struct link *l)
{
	return (l->stuck || l->opening) && clock_ms() - l->progress > STALL_MS;
}

static bool superfluous(const struct link *l)
{
	bool only = l == l->host->links && !l->next;

	return !only && l->idle_since && clock_ms() - l->idle_since > IDLE_MS;
}

static void alive(void *arg)
{
	struct link *l = arg;
	LIBSSH2_SESSION *session = l->connection.session;
	int next;

	/* Half a packet that is out must be followed by its rest. */
	if (!l->stuck && libssh2_keepalive_send(session, &next) < 0)
		l->lost = true;
	/* libssh2 has no way to go on with one of these. */
	if (!l->stuck && libssh2_session_block_directions(session) & LIBSSH2_SESSION_BLOCK_OUTBOUND)
		l->lost = true;
	if (stalled(l) || superfluous(l))
		l->lost = true;
	loop_timer_start(l->alive, l->connection.alive_interval_s * 1000);
	if (l->lost)
		link_soon(l);
}

/* For some 200 MB a second, whatever the distance. */
static unsigned window_for(const struct wire *wire)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	/* How far it is behind a jump host is not known. */
	if (wire->child || getsockopt(wire->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return WINDOW_MOST / 2;
	return MIN(MAX(info.tcpi_min_rtt, WINDOW_LEAST / 200) * 200, WINDOW_MOST);
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static void begin(struct loop_task *task)
{
	struct link *l = container_of(task, struct link, begin);
	struct loop *loop = l->host->ssh->loop;

	l->watch = loop_watch_new(loop, l->connection.wire.fd, session_ready, l, NULL);
	l->soon = loop_timer_new(loop, soon, l, NULL);
	l->alive = loop_timer_new(loop, alive, l, NULL);
	*libssh2_session_abstract(l->connection.session) = l;
	libssh2_session_callback_set(l->connection.session, LIBSSH2_CALLBACK_RECV, (void *) receive);
	l->progress = l->idle_since = clock_ms();
	l->window = window_for(&l->connection.wire);
	l->next = l->host->links;
	l->host->links = l;
	if (!l->watch || !l->soon || !l->alive) {
		host_link_gone(l->host, l);
		return;
	}
	loop_watch_set(l->watch, LOOP_READ);
	loop_timer_start(l->alive, l->connection.alive_interval_s * 1000);
	host_dispatch(l->host);
}

struct link *link_new(struct ssh_host *h, struct connection *take_connection)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->host = h;
	l->connection = *take_connection;
	l->sessions_max = MAX_SESSIONS;
	l->begin.run = begin;
	*take_connection = (struct connection){ .wire = WIRE_INIT };
	return l;
}

/* Those that had not begun go back to those that wait; the others' peers see a connection that broke. */
static void drop_channels(struct link *l)
{
	struct channel *ch;

	while ((ch = l->channels)) {
		bool begun = ch->stage == CHANNEL_OPEN || ch->stage == CHANNEL_CLOSING;
		channel_delist(ch);
		ch->link = NULL;
		ch->ssh = NULL; /* goes with the session */
		if (begun || l->host->ssh->closing)
			channel_free(ch);
		else
			host_wait_for_link(l->host, ch, true);
	}
}

void link_close(struct link *l)
{
	loop_watch_free(l->watch);
	loop_timer_free(l->soon);
	loop_timer_free(l->alive);
	drop_channels(l);
	connection_close(&l->connection);
	free(l->spare);
	free(l);
}

/* ---- channels --------------------------------------------------------------------------------------------- */

bool link_takes(const struct link *l, const struct channel *ch)
{
	return !l->lost && !l->opening && (ch->from->ip || l->sessions < l->sessions_max);
}

void link_open(struct link *l, struct channel *ch)
{
	ch->link = l;
	ch->stage = CHANNEL_OPENING;
	channel_enlist(ch, &l->channels);
	l->opening = ch;
	l->idle_since = 0;
	l->progress = clock_ms();
	if (!ch->from->ip)
		l->sessions++;
	link_soon(l);
}

/* What to watch for next. Without a channel that reads nothing is read: then the end of the connection is all that
 * matters, and what else is in the socket stays there until somebody takes it. */
static int events_due(struct link *l)
{
	char byte;

	if (l->stuck)
		return LOOP_WRITE;
	if (l->pulls || !l->readable)
		return LOOP_READ;
	ssize_t n = recv(l->connection.wire.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	l->lost |= n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	return n > 0 ? 0 : LOOP_READ;
}

/* Each channel's turn. */
static void serve_all(struct link *l)
{
	struct channel *next;

	for (struct channel *ch = l->channels; ch && !l->lost && !l->stuck; ch = next) {
		next = ch->next;
		channel_serve(ch);
	}
	for (struct channel *ch = l->channels; ch && !l->lost; ch = ch->next)
		channel_watch(ch);
}

/* Servers send an answer in two packets, and some hold the second one back until the first is acknowledged: which the
 * kernel likes to put off for 40 ms. It is no lasting choice. */
static void acknowledge_soon(const struct link *l)
{
	int on = 1;

	if (!l->connection.wire.child)
		setsockopt(l->connection.wire.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

void link_pump(struct link *l)
{
	l->pulls = 0;
	l->got = l->fresh = l->more = false;
	if (l->stuck && !l->lost)
		channel_retry(l->stuck, l->stuck_op);
	if (!l->stuck && !l->lost) {
		l->pulls = 0;
		l->readable |= !l->dry;
		serve_all(l);
	}
	/* In a crowd, requests take the acknowledgement along. */
	if (l->got && l->pulls <= 2)
		acknowledge_soon(l);
	if (!l->channels && !l->idle_since)
		l->idle_since = clock_ms();
	int events = events_due(l);
	if (l->lost) {
		host_link_gone(l->host, l);
		return;
	}
	l->readable = false;
	loop_watch_set(l->watch, events);
	/* What came in may belong to a channel that had had its turn. Without any operation there is nobody who reads now. */
	if (!l->stuck && l->pulls && (l->fresh || l->more || !l->dry))
		link_soon(l);
	host_dispatch(l->host);
}
