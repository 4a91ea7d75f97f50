"""The image that sample and test environments are built upon where no image registry can be reached."""
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import urllib.parse

from docker_api import ApiError

TAG = "afs-base:bookworm"
SUITE = "bookworm"
PACKAGES = ["ca-certificates", "python-is-python3", "python3-fastapi", "python3-minimal", "python3-pip",
            "python3-uvicorn"]
LEFT_OUT = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"]
# Debian's pip refuses to install beside the distribution's packages; in a container that is what is wanted.
CHANGES = ["ENV PIP_BREAK_SYSTEM_PACKAGES=1 PYTHONUNBUFFERED=1", 'CMD ["python3"]']
LABEL = "affinetes.base"


class Unavailable(Exception):
    pass


def recipe():
    """Changes when the image has to be made anew."""
    return hashlib.sha256(json.dumps([SUITE, PACKAGES, LEFT_OUT, CHANGES]).encode()).hexdigest()[:12]


def cache_dir():
    top = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(top, "affinetes")


@contextlib.contextmanager
def locked(path):
    with open(path, "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def root_tar(say):
    """Path of the root file system's tar, made on first use."""
    folder = cache_dir()
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "base-%s-%s.tar" % (SUITE, recipe()))
    with locked(os.path.join(folder, "lock")):
        if os.path.exists(path):
            return path
        if not shutil.which("mmdebstrap"):
            raise Unavailable("mmdebstrap is not installed")
        say("making %s from Debian's packages (once, some 30 s)" % TAG)
        for old in os.listdir(folder):
            if old.startswith("base-%s-" % SUITE):
                os.unlink(os.path.join(folder, old))
        made = path + ".new.tar"
        argv = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=" + ",".join(PACKAGES)]
        argv += ["--dpkgopt=path-exclude=" + p for p in LEFT_OUT]
        done = subprocess.run(argv + [SUITE, made], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, errors="replace")
        if done.returncode != 0:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(made)
            raise Unavailable("mmdebstrap: " + (done.stderr.strip().splitlines() or ["failed"])[-1])
        os.rename(made, path)
        return path


def ensure(docker, say):
    """Makes sure that the engine has TAG; returns TAG."""
    have = docker.image(TAG)
    if have and (have["Config"].get("Labels") or {}).get(LABEL) == recipe():
        return TAG
    name, tag = TAG.split(":")
    changes = CHANGES + ["LABEL %s=%s" % (LABEL, recipe())]
    query = "&".join("changes=" + urllib.parse.quote(c) for c in changes)
    with open(root_tar(say), "rb") as f:
        answer = docker.request("POST", "/images/create?fromSrc=-&repo=%s&tag=%s&%s" % (name, tag, query), f,
                                {"Content-Type": "application/x-tar",
                                 "Content-Length": str(os.fstat(f.fileno()).st_size)}, timeout=600)
    if not docker.image(TAG):
        raise Unavailable("import: %s" % answer)
    return TAG


def can_pull(docker, image, timeout=60):
    """Whether the engine can get the image from its registry (and then it has it)."""
    name, _, tag = image.rpartition(":")
    if not name or "/" in tag:
        name, tag = image, "latest"
    try:
        with docker.open("POST", "/images/create", fromImage=name, tag=tag, timeout=timeout) as stream:
            for line in stream:
                if b'"error"' in line:
                    return False
        return docker.image(image) is not None
    except (OSError, ApiError, http.client.HTTPException):
        return False


def choose(docker, image, say):
    """`image` where the engine has it or can pull it, else TAG."""
    if docker.image(image):
        say("%s, which the engine has" % image)
        return image
    if not docker.image(TAG) and can_pull(docker, image):
        say("%s, pulled" % image)
        return image
    ensure(docker, say)
    say("%s, since %s cannot be pulled here" % (TAG, image))
    return TAG

