/* One connection through the tunnel: a unix socket here, a channel of libssh2's there. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "ssh/tunnel.h"

#define DIAL_STDIO "docker system dial-stdio"
/* Of one channel in one pass: others have their turn, too. */
#define TURN_READS 8
#define TURN_WRITES 16
#define WORDS_MAX 4096

/* ---- life -------------------------------------------------------------------------------------------- */

void channel_enlist(struct channel *ch, struct channel **slot)
{
	ch->slot = slot;
	ch->next = *slot;
	if (ch->next)
		ch->next->slot = &ch->next;
	*slot = ch;
}

void channel_delist(struct channel *ch)
{
	*ch->slot = ch->next;
	if (ch->next)
		ch->next->slot = ch->slot;
	ch->slot = NULL;
	ch->next = NULL;
}

static void serve_down(struct channel *ch);
static void serve_up(struct channel *ch);

static void local_ready(void *arg, int events)
{
	struct channel *ch = arg;
	struct link *l = ch->link;

	if (events & LOOP_READ)
		ch->readable = true;
	if (!l || ch->stage != CHANNEL_OPEN || l->stuck) {
		channel_watch(ch);
		return;
	}
	if (ch->down) /* there is room again */
		serve_down(ch);
	serve_up(ch);
	if (ch->stage == CHANNEL_OPEN)
		channel_watch(ch);
	/* What was pulled in beside it is for others; and a channel or connection that ended is dealt with there. */
	link_soon(l);
}

struct channel *channel_new(struct listener *from, int take_fd)
{
	struct channel *ch = calloc(1, sizeof(*ch));

	if (ch)
		ch->watch = loop_watch_new(from->host->ssh->loop, take_fd, local_ready, ch, NULL);
	if (!ch || !ch->watch) {
		free(ch);
		close(take_fd);
		return NULL;
	}
	ch->from = from;
	ch->fd = take_fd;
	ch->readable = true;
	ch->since = clock_ms();
	strbuf_init(&ch->message, 1024);
	strbuf_init(&ch->words, WORDS_MAX);
	return ch;
}

static void close_local(struct channel *ch)
{
	loop_watch_free(af_steal(ch->watch));
	if (ch->fd >= 0)
		close(ch->fd);
	ch->fd = -1;
}

void channel_free(struct channel *ch)
{
	close_local(ch);
	if (ch->slot)
		channel_delist(ch);
	strbuf_free(&ch->message);
	strbuf_free(&ch->words);
	free(ch->up);
	free(ch->down);
	free(ch);
}

/* Interest in the local socket, as the stage has it. */
void channel_watch(struct channel *ch)
{
	int events = 0;

	if (ch->stage == CHANNEL_OPEN && !ch->link->stuck) {
		if (!ch->up && !ch->local_end && !ch->readable)
			events |= LOOP_READ;
		if (ch->down)
			events |= LOOP_WRITE;
	}
	if (ch->watch)
		loop_watch_set(ch->watch, events);
}

/* ---- operations ------------------------------------------------------------------------------------------ */

static bool is_fatal(ssize_t rc)
{
	switch (rc) {
	case LIBSSH2_ERROR_CHANNEL_FAILURE:
	case LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED:
	case LIBSSH2_ERROR_CHANNEL_CLOSED:
	case LIBSSH2_ERROR_CHANNEL_EOF_SENT:
	case LIBSSH2_ERROR_CHANNEL_UNKNOWN:
		return false;
	}
	return true;
}

/*
 * What libssh2 said to an operation. Half a packet that is out binds the whole connection to this operation: any
 * other that wanted to send would be refused until the rest has followed.
 */
static ssize_t settle(struct channel *ch, enum channel_op op, ssize_t rc)
{
	struct link *l = ch->link;
	bool half = rc == LIBSSH2_ERROR_EAGAIN &&
		    libssh2_session_block_directions(l->connection.session) & LIBSSH2_SESSION_BLOCK_OUTBOUND;

	l->pulls++;
	l->stuck = half ? ch : NULL;
	l->stuck_op = op;
	if (rc >= 0)
		l->progress = clock_ms();
	else if (rc != LIBSSH2_ERROR_EAGAIN && is_fatal(rc))
		l->lost = true;
	return rc;
}

static void add_u32(struct strbuf *sb, uint32_t n)
{
	const char bytes[] = { (char) (n >> 24), (char) (n >> 16), (char) (n >> 8), (char) n };

	strbuf_add(sb, bytes, sizeof(bytes));
}

static void add_text(struct strbuf *sb, const char *text)
{
	add_u32(sb, (uint32_t) strlen(text));
	strbuf_adds(sb, text);
}

static void refuse(struct channel *ch, const char *words, size_t len)
{
	AUTO_STRBUF safe = STRBUF_INIT(2 * WORDS_MAX);

	while (len && strchr("\r\n ", words[len - 1]))
		len--;
	text_add_safe(&safe, words, MIN(len, (size_t) 500), false);
	listener_refuse(ch->from, safe.data);
}

static void refuse_last_error(struct channel *ch)
{
	char *why = NULL;
	int len = 0;

	libssh2_session_last_error(ch->link->connection.session, &why, &len, 0);
	refuse(ch, why ? why : "", why ? (size_t) len : 0);
}

/* libssh2_channel_direct_tcpip_ex() is this with a small window. RFC 4254, 7.2. */
static int open_once(struct channel *ch)
{
	LIBSSH2_SESSION *session = ch->link->connection.session;
	const char *type = ch->from->ip ? "direct-tcpip" : "session";

	if (ch->from->ip && !ch->message.len) {
		add_text(&ch->message, ch->from->ip);
		add_u32(&ch->message, (uint32_t) ch->from->port);
		add_text(&ch->message, "127.0.0.1");
		add_u32(&ch->message, 0);
	}
	ch->ssh = libssh2_channel_open_ex(session, type, (unsigned) strlen(type), ch->link->window, LIBSSH2_CHANNEL_PACKET_DEFAULT,
					  ch->message.len ? ch->message.data : NULL, (unsigned) ch->message.len);
	return ch->ssh ? 0 : libssh2_session_last_errno(session);
}

static void opened(struct channel *ch)
{
	ch->link->opening = NULL;
	ch->stage = ch->from->ip ? CHANNEL_OPEN : CHANNEL_STARTING;
	if (ch->from->ip)
		listener_refuse(ch->from, NULL);
}

/* The server's MaxSessions is lower than thought; somebody else takes it, or it waits for its turn. */
static bool is_full(struct channel *ch)
{
	struct link *l = ch->link;

	if (ch->from->ip || l->sessions < 2)
		return false;
	l->sessions_max = --l->sessions;
	channel_delist(ch);
	ch->link = NULL;
	host_wait_for_link(l->host, ch, true);
	return true;
}

static bool do_open(struct channel *ch)
{
	ssize_t rc = settle(ch, OP_OPEN, open_once(ch));

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return true;
	if (rc == 0) {
		opened(ch);
		return true;
	}
	if (ch->link->lost)
		return true; /* the connection's end deals with all */
	ch->link->opening = NULL;
	ch->link->progress = clock_ms();
	if (is_full(ch))
		return false;
	refuse_last_error(ch);
	channel_end(ch);
	return true;
}

static void do_start(struct channel *ch)
{
	ssize_t rc = settle(ch, OP_START, libssh2_channel_process_startup(ch->ssh, "exec", 4, DIAL_STDIO, strlen(DIAL_STDIO)));

	if (rc == 0)
		ch->stage = CHANNEL_OPEN;
	else if (rc != LIBSSH2_ERROR_EAGAIN && !ch->link->lost) {
		refuse_last_error(ch);
		channel_end(ch);
	}
}

/* ---- from there to here -------------------------------------------------------------------------------------- */

/* False: nobody is there any more. */
static bool give_local(struct channel *ch, const char *data, size_t len, size_t *given)
{
	ssize_t n = send(ch->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	*given = n > 0 ? (size_t) n : 0;
	return n >= 0 || errno == EAGAIN || errno == EINTR;
}

static bool flush_down(struct channel *ch)
{
	size_t given;

	if (!ch->down)
		return true;
	if (!give_local(ch, ch->down + ch->down_done, ch->down_len - ch->down_done, &given))
		return false;
	ch->down_done += given;
	if (ch->down_done == ch->down_len) {
		free(af_steal(ch->down));
		ch->down_len = ch->down_done = 0;
	}
	return true;
}

static bool take_down(struct channel *ch, const char *data, size_t len)
{
	size_t given;

	if (!ch->answered) {
		ch->answered = true;
		listener_refuse(ch->from, NULL);
	}
	if (!give_local(ch, data, len, &given))
		return false;
	if (given == len)
		return true;
	ch->down = malloc(len - given);
	if (!ch->down)
		return false;
	memcpy(ch->down, data + given, len - given);
	ch->down_len = len - given;
	ch->down_done = 0;
	return true;
}

static void do_read(struct channel *ch)
{
	struct ssh *ssh = ch->from->host->ssh;
	ssize_t n = settle(ch, OP_READ, libssh2_channel_read(ch->ssh, ssh->scratch, sizeof(ssh->scratch)));

	/* The first to read takes it for all that come after it, and those before it had a reason not to. */
	if (ch->link->pulls == 1 && ch->link->readable)
		ch->link->fresh = false;
	ch->link->got |= n > 0;
	if (n > 0 && !take_down(ch, ssh->scratch, (size_t) n))
		channel_end(ch);
	else if (n < 0 && n != LIBSSH2_ERROR_EAGAIN && !ch->link->lost)
		channel_end(ch);
}

static void do_read_words(struct channel *ch)
{
	char buf[1024];
	ssize_t n = settle(ch, OP_READ_WORDS, libssh2_channel_read_stderr(ch->ssh, buf, sizeof(buf)));

	if (n > 0 && ch->words.len + (size_t) n < WORDS_MAX)
		strbuf_add(&ch->words, buf, (size_t) n);
}

static bool working(const struct channel *ch)
{
	return ch->stage == CHANNEL_OPEN && !ch->link->stuck && !ch->link->lost;
}

/* Once per pass somebody reads from the socket although nothing is known to be there: that is how it gets here. */
static void serve_down(struct channel *ch)
{
	if (!flush_down(ch)) {
		channel_end(ch);
		return;
	}
	int turn = 0;
	for (; turn < TURN_READS && working(ch) && !ch->down; turn++) {
		if (libssh2_poll_channel_read(ch->ssh, 0) || (ch->link->readable && !ch->link->pulls))
			do_read(ch);
		else if (!ch->from->ip && libssh2_poll_channel_read(ch->ssh, 1)) /* of either kind, and so of this one */
			do_read_words(ch);
		else
			break;
	}
	ch->link->more |= turn == TURN_READS;
	if (!working(ch) || ch->down || !libssh2_channel_eof(ch->ssh))
		return;
	if (!ch->answered && !ch->from->ip)
		refuse(ch, ch->words.data, ch->words.len);
	channel_end(ch);
}

/* ---- from here to there -------------------------------------------------------------------------------------- */

/* A whole close is no half one: nobody waits for an answer then. */
static bool hung_up(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0 && pfd.revents & (POLLHUP | POLLERR);
}

static void fill_up(struct channel *ch)
{
	struct link *l = ch->link;
	struct chunk *c = l->spare ? af_steal(l->spare) : malloc(sizeof(*c));
	ssize_t n = c ? recv(ch->fd, c->data, CHUNK_SIZE, MSG_DONTWAIT) : -1;

	if (n > 0) {
		c->len = (size_t) n;
		c->done = 0;
		ch->readable = n == CHUNK_SIZE; /* less is all there was; more will be told */
		ch->up = c;
		return;
	}
	if (!n || (errno != EAGAIN && errno != EINTR))
		ch->local_end = true;
	ch->readable = false;
	if (l->spare)
		free(c);
	else
		l->spare = c;
}

static void do_write(struct channel *ch)
{
	struct chunk *c = ch->up;
	ssize_t n = settle(ch, OP_WRITE, libssh2_channel_write(ch->ssh, c->data + c->done, c->len - c->done));

	if (n < 0) {
		if (n != LIBSSH2_ERROR_EAGAIN && !ch->link->lost)
			channel_end(ch);
		return;
	}
	c->done += (size_t) n;
	if (c->done < c->len)
		return;
	ch->up = NULL;
	if (ch->link->spare)
		free(c);
	else
		ch->link->spare = c;
}

static void do_end(struct channel *ch)
{
	ssize_t rc = settle(ch, OP_END, libssh2_channel_send_eof(ch->ssh));

	ch->told_end = rc != LIBSSH2_ERROR_EAGAIN;
}

static void serve_up(struct channel *ch)
{
	int turn = 0;
	for (; turn < TURN_WRITES && working(ch); turn++) {
		if (!ch->up && ch->readable && !ch->local_end)
			fill_up(ch);
		if (!ch->up)
			break;
		size_t before = ch->up->done;
		do_write(ch);
		if (ch->up && ch->up->done == before)
			break; /* the other side's window is full */
	}
	ch->link->more |= turn == TURN_WRITES;
	if (!working(ch) || ch->up || !ch->local_end || ch->told_end)
		return;
	if (hung_up(ch->fd))
		channel_end(ch);
	else
		do_end(ch);
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

void channel_end(struct channel *ch)
{
	close_local(ch);
	ch->stage = CHANNEL_CLOSING;
}

static bool do_free(struct channel *ch)
{
	struct link *l = ch->link;
	ssize_t rc = ch->ssh ? settle(ch, OP_FREE, libssh2_channel_free(ch->ssh)) : 0;

	if (rc == LIBSSH2_ERROR_EAGAIN || l->lost)
		return true;
	ch->ssh = NULL;
	if (!ch->from->ip)
		l->sessions--;
	channel_free(ch);
	host_dispatch(l->host);
	return false;
}

void channel_retry(struct channel *ch, enum channel_op op)
{
	switch (op) {
	case OP_OPEN: if (!do_open(ch)) return; break;
	case OP_START: do_start(ch); break;
	case OP_READ: do_read(ch); break;
	case OP_READ_WORDS: do_read_words(ch); break;
	case OP_WRITE: do_write(ch); break;
	case OP_END: do_end(ch); break;
	case OP_FREE: if (!do_free(ch)) return; break;
	}
}

bool channel_serve(struct channel *ch)
{
	if (ch->stage == CHANNEL_OPENING && !do_open(ch))
		return false;
	if (ch->stage == CHANNEL_STARTING && !ch->link->stuck && !ch->link->lost)
		do_start(ch);
	if (working(ch))
		serve_down(ch);
	if (working(ch))
		serve_up(ch);
	if (ch->stage == CHANNEL_CLOSING && !ch->link->stuck && !ch->link->lost)
		return do_free(ch);
	return true;
}
