/* From libcurl's verdict to an answer or an error. */
#include "net/net_priv.h"

static af_code timed_out(struct exchange *ex, struct af_error *err)
{
	AUTO_STRBUF waited = STRBUF_INIT(64);
	int64_t ms = ex->resp->total_us / 1000;

	duration_format(&waited, ms);
	/* The whole request's limit, or only the one for connecting? A millisecond of slack for rounding. */
	if (ex->req.timeout_ms > 0 && ms + 1 >= ex->req.timeout_ms)
		return error_set(err, AF_ERR_TIMEOUT, "no answer from %s within %s", ex->where, waited.data);
	return error_set(err, AF_ERR_UNREACHABLE, "connect %s: no answer within %s", ex->where, waited.data);
}

static af_code not_connected(struct exchange *ex, struct af_error *err)
{
	long errnum = 0;

	curl_easy_getinfo(ex->easy, CURLINFO_OS_ERRNO, &errnum);
	if (errnum)
		return error_errno(err, AF_ERR_UNREACHABLE, (int) errnum, "connect %s", ex->where);
	return error_set(err, AF_ERR_UNREACHABLE, "connect %s: %s", ex->where, ex->detail);
}

static af_code lost(struct exchange *ex, CURLcode verdict, struct af_error *err)
{
	const char *why = *ex->detail ? ex->detail : verdict ? curl_easy_strerror(verdict) : "it ended in the head";

	return error_set(err, AF_ERR_LOST, "the connection to %s broke before the answer was whole: %s", ex->where, why);
}

static af_code too_large(struct exchange *ex, struct af_error *err)
{
	return error_set(err, AF_ERR_TOO_LARGE, "the answer of %s is larger than the limit of %zu bytes", ex->where,
			 ex->resp->body.max);
}

static af_code stopped(struct exchange *ex, struct af_error *err)
{
	if (ex->stopped == AF_ERR_TOO_LARGE)
		return too_large(ex, err);
	if (ex->stopped == AF_ERR_NOMEM)
		return error_nomem(err);
	return error_set(err, ex->stopped, "the request to %s was given up", ex->where);
}

af_code exchange_finish(struct exchange *ex, CURLcode verdict, struct af_error *err)
{
	bool whole_head = ex->have_head || ex->connect_only;
	long request_size = 0;
	curl_off_t uploaded = 0;

	if (!ex->have_head)
		exchange_note_head(ex);
	curl_easy_getinfo(ex->easy, CURLINFO_REQUEST_SIZE, &request_size);
	curl_easy_getinfo(ex->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
	ex->resp->sent = request_size > 0 || uploaded > 0;
	ex->resp->total_us = clock_us() - ex->started;
	/* libcurl takes an answer that ends in the middle of its head for a whole one. */
	if (verdict == CURLE_OK && !whole_head)
		return lost(ex, verdict, err);
	if (verdict == CURLE_OK || ex->enough)
		return AF_OK;
	if (ex->stopped)
		return stopped(ex, err);
	switch (verdict) {
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(ex, err);
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		/* libcurl sent it on a kept connection, which broke, and then could not make a new one. */
		return ex->resp->sent ? lost(ex, verdict, err) : not_connected(ex, err);
	case CURLE_OUT_OF_MEMORY:
		/* So it says when a header is larger than it takes. */
		if (ex->resp->status && !whole_head)
			return error_set(err, AF_ERR_TOO_LARGE, "the head of the answer of %s is too large", ex->where);
		return error_nomem(err);
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		/* An answer in something else than HTTP goes by the same code. */
		if (ex->resp->sent)
			break;
		return error_set(err, AF_ERR_USAGE, NOT_HTTP, ex->where, ex->detail);
	case CURLE_FILESIZE_EXCEEDED:
		return too_large(ex, err);
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_FAIL_REWIND:
		return lost(ex, verdict, err);
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return error_set(err, AF_ERR_UNREACHABLE, "connect %s: TLS: %s", ex->where,
				 *ex->detail ? ex->detail : curl_easy_strerror(verdict));
	default:
		break;
	}
	return error_set(err, AF_ERR_PROTOCOL, "%s: %s", ex->where,
			 *ex->detail ? ex->detail : curl_easy_strerror(verdict));
}
