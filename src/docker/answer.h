/* What an engine's refusals mean. */
#ifndef DOCKER_ANSWER_H
#define DOCKER_ANSWER_H

#include "docker/endpoint.h"
#include "net/http.h"

/* AF_OK below 400. Above: code by status, the engine's message made fit to print, a hint where there is one. */
af_code answer_check(const struct http_response *resp, struct af_error *err) MUST_CHECK;
/* An error that the engine put into a stream: `code` unless the text says better. */
af_code answer_fail(af_code code, const char *text, struct af_error *err);
/* The same for what a registry said by way of the engine. */
af_code answer_registry(af_code code, const char *text, struct af_error *err);
/* Adds to an error of net/ what can be done about it; returns rc. */
af_code answer_transport(af_code rc, const struct engine_endpoint *ep, struct af_error *err);

#endif
