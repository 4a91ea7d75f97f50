"""Asks a model behind an OpenAI-compatible endpoint.

    result = await llm_chat(messages=[{"role": "user", "content": "Hi"}], model=..., base_url=..., api_key=...)
    result.content, result.reasoning, result.usage

The package openai does the talking where it is installed; otherwise Python's own HTTP client does.
"""
import asyncio
import json
import random
import re
import threading
import urllib.error
import urllib.request

try:
    import openai
except ImportError:
    openai = None

__all__ = ["ChatResult", "create_client", "llm_chat", "remove_think_tags"]


class ChatResult:
    """content and reasoning (None for an empty one), usage (a dict or None).

    It unpacks into the pair (content, usage), which callers from before `reasoning` expect.
    """

    __slots__ = ("content", "reasoning", "usage")

    def __init__(self, content=None, reasoning=None, usage=None):
        self.content = content
        self.reasoning = reasoning
        self.usage = usage

    def __iter__(self):
        return iter((self.content, self.usage))

    def __repr__(self):
        return "ChatResult(content=%r, reasoning=%r, usage=%r)" % (self.content, self.reasoning, self.usage)


def remove_think_tags(text):
    """The text without the <think> parts, also where one was never opened or never closed."""
    text = re.sub(r"<(think|thinking)>.*?</\1>", "", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.split(r"</think(?:ing)?>", text, flags=re.IGNORECASE)[-1]
    text = re.split(r"<think(?:ing)?>", text, maxsplit=1, flags=re.IGNORECASE)[0]
    return re.sub(r"\n\s*\n\s*\n", "\n\n", text).strip()


# ---- what can go wrong ------------------------------------------------------------------------------------------


class Refused(Exception):
    """The endpoint answered with an error."""

    def __init__(self, status, message, retry_after=None):
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after

    def passes(self):
        return self.status in (408, 409, 425, 429) or self.status >= 500

    def as_value_error(self):
        message = str(self)
        if "context_length_exceeded" in message or "is longer than the model" in message:
            return ValueError("Context length exceeded: " + message)
        return ValueError("API error %d: %s" % (self.status, message))


class Unreachable(Exception):
    """No answer, or only a part of one."""


def seconds_of(text):
    try:
        return min(max(float(text), 0.0), 60.0)
    except (TypeError, ValueError):
        return None


# ---- Python's own client ----------------------------------------------------------------------------------------


class Client:
    """The endpoint and the key, for when there is no package openai."""

    def __init__(self, base_url, api_key, timeout):
        self.base_url = base_url.rstrip("/")
        self.api_key = api_key
        self.timeout = timeout

    async def close(self):
        pass

    async def chunks(self, params, timeout):
        """The parsed chunks of a stream, or the one answer of a request without streaming."""
        loop = asyncio.get_running_loop()
        arrived = asyncio.Queue()
        gone = threading.Event()

        def put(item):
            try:
                loop.call_soon_threadsafe(arrived.put_nowait, item)
            except RuntimeError:
                gone.set()  # the loop has ended

        # urllib blocks, so it gets a thread; one that nobody listens to ends with its next line or timeout.
        threading.Thread(target=self._read, args=(params, timeout, put, gone), daemon=True).start()
        try:
            while True:
                item = await arrived.get()
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            gone.set()

    def _read(self, params, timeout, put, gone):
        headers = {"Content-Type": "application/json", "Authorization": "Bearer %s" % self.api_key}
        try:
            request = urllib.request.Request(self.base_url + "/chat/completions", json.dumps(params).encode(), headers)
            with urllib.request.urlopen(request, timeout=timeout) as response:
                if not params["stream"]:
                    put(json.loads(response.read()))
                for line in response if params["stream"] else ():
                    data = line.strip()[5:].strip() if line.startswith(b"data:") else b""
                    if gone.is_set() or data == b"[DONE]":
                        break
                    if data:
                        put(json.loads(data))
            put(None)
        except urllib.error.HTTPError as exc:
            text = exc.read(10000).decode("utf-8", "replace")
            put(Refused(exc.code, text or exc.reason, seconds_of(exc.headers.get("Retry-After"))))
        except json.JSONDecodeError as exc:
            put(Unreachable("the answer is no JSON: %s" % exc))
        except Exception as exc:  # urllib lets many kinds of network error through
            put(Unreachable(str(exc) or type(exc).__name__))


# ---- the package openai -----------------------------------------------------------------------------------------


async def openai_chunks(client, params):
    try:
        answer = await client.chat.completions.create(**params)
        if not params["stream"]:
            yield answer.model_dump()
            return
        try:
            async for chunk in answer:
                yield chunk.model_dump()
        finally:
            await answer.close()
    except openai.APIStatusError as exc:
        raise Refused(exc.status_code, exc.message, seconds_of(exc.response.headers.get("retry-after"))) from exc
    except (openai.APIConnectionError, openai.APIError) as exc:
        raise Unreachable(str(exc) or type(exc).__name__) from exc


def create_client(base_url, api_key, *, connect_timeout=10.0, read_timeout=20.0, write_timeout=10.0, pool_timeout=10.0):
    """A client to be passed to many llm_chat() calls; whoever makes it closes it (`await client.close()`)."""
    if openai is None:
        return Client(base_url, api_key, max(connect_timeout, read_timeout, write_timeout))
    import httpx

    timeout = httpx.Timeout(connect=connect_timeout, read=read_timeout, write=write_timeout, pool=pool_timeout)
    return openai.AsyncOpenAI(base_url=base_url.rstrip("/"), api_key=api_key, timeout=timeout, max_retries=0)


# ---- the call ---------------------------------------------------------------------------------------------------


async def collect(chunks, chunk_timeout, max_chunks):
    """Puts an answer together; chunk_timeout is the longest silence between two chunks, None any."""
    content, reasoning, usage, count = [], [], None, 0
    try:
        while True:
            try:
                chunk = await asyncio.wait_for(chunks.__anext__(), chunk_timeout)
            except StopAsyncIteration:
                break
            except asyncio.TimeoutError:
                raise Unreachable("nothing arrived for %g s" % chunk_timeout) from None
            if chunk.get("error"):
                raise Unreachable(json.dumps(chunk["error"]))
            usage = chunk.get("usage") or usage
            for choice in (chunk.get("choices") or ())[:1]:
                part = choice.get("delta") or choice.get("message") or {}
                content.append(part.get("content") or "")
                reasoning.append(part.get("reasoning_content") or part.get("reasoning") or "")
            count += 1
            if count >= max_chunks:
                break
    finally:
        await chunks.aclose()
    return ChatResult("".join(content).strip() or None, "".join(reasoning) or None, usage)


async def llm_chat(
    *, messages, model, base_url, api_key, timeout=600, chunk_timeout=30.0, temperature=None, seed=None,
    max_new_tokens=None, stream=True, max_chunks=32000, max_retries=0, strip_think_tags=False, client=None, **extra
):
    """-> ChatResult; raises ValueError when the endpoint refuses or max_retries attempts more did not help.

    timeout: seconds for connecting and, without streaming, for the answer. chunk_timeout: seconds between two
    chunks of a stream. Further keyword arguments (max_tokens, top_p, tools…) go into the request as they are.
    """
    params = {"model": model, "messages": messages, "stream": bool(stream)}
    if stream:
        params["stream_options"] = {"include_usage": True}
    params.update({name: value for name, value in dict(extra, temperature=temperature, seed=seed).items() if value is not None})
    own = client is None
    if own:
        client = create_client(base_url, api_key, connect_timeout=timeout, read_timeout=timeout, write_timeout=timeout)
    simple = isinstance(client, Client)
    if max_new_tokens is not None:
        if simple:
            params["max_new_tokens"] = max_new_tokens
        else:
            params["extra_body"] = dict(params.get("extra_body") or {}, max_new_tokens=max_new_tokens)
    try:
        for attempt in range(max_retries + 1):
            delay = min(2 ** attempt, 32) * random.uniform(0.75, 1.0)
            try:
                chunks = client.chunks(params, min(timeout, client.timeout)) if simple else openai_chunks(client, params)
                result = await collect(chunks, chunk_timeout if stream else None, max_chunks)
                if strip_think_tags and result.content:
                    result.content = remove_think_tags(result.content) or None
                return result
            except Refused as exc:
                if not exc.passes():
                    raise exc.as_value_error() from exc
                error, delay = exc, max(delay, exc.retry_after or 0)
            except (Unreachable, asyncio.TimeoutError) as exc:
                error = exc
            if attempt < max_retries:
                await asyncio.sleep(delay)
        raise ValueError("API call failed after %d attempts: %s" % (max_retries + 1, error)) from error
    finally:
        if own:
            await client.close()
