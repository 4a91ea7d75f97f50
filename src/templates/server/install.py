"""Makes sure, while the image is built, that the server will find uvicorn.

The base image's own uvicorn is used where there is one. Otherwise it goes into a directory of its own, which the
server puts behind everything else on sys.path: the environment's packages never see it.
"""
import compileall
import glob
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENDOR = os.path.join(HERE, "vendor")
REQUIREMENT = "uvicorn>=0.17,<1"
# The last import needs h11 or httptools, which a broken installation may lack.
PROBE = "import sys; sys.path += sys.argv[1:]; import uvicorn; import uvicorn.protocols.http.auto; print(uvicorn.__version__)"


def fail(reason, advice):
    sys.stdout.flush()
    sys.stderr.write("affinetes: %s\naffinetes: %s\n" % (reason, advice))
    sys.exit(1)


def uvicorn_version(*path):
    """None where it cannot be imported."""
    probe = subprocess.run([sys.executable, "-c", PROBE] + list(path), cwd=os.sep,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
    return probe.stdout.strip() if probe.returncode == 0 else None


def pip_command():
    """The pip of this Python, else the one that it carries for ensurepip, run without being installed."""
    command = [sys.executable, "-m", "pip"]
    if subprocess.run(command + ["--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        return command
    try:
        import ensurepip
    except ImportError:
        return None
    wheels = glob.glob(os.path.join(os.path.dirname(ensurepip.__file__), "_bundled", "pip-*.whl"))
    return [sys.executable, os.path.join(wheels[0], "pip")] if wheels else None


def install():
    advice = ("Put uvicorn into the environment's Dockerfile (RUN pip install uvicorn; on Debian "
              "apt-get install python3-uvicorn), or start from an image that has it.")
    pip = pip_command()
    if pip is None:
        fail("this image has neither uvicorn nor a pip that works.", advice)
    if not os.access(HERE, os.W_OK):
        fail("this image has no uvicorn, and its user may not write to %s." % HERE, advice)
    print("affinetes: no uvicorn in this image; installing it for the server alone", flush=True)
    done = subprocess.run(pip + ["install", "--no-input", "--no-cache-dir", "--disable-pip-version-check",
                                 "--target", VENDOR, REQUIREMENT])
    if done.returncode != 0:
        fail("this image has no uvicorn, and pip could not install it (see above).", advice)
    version = uvicorn_version(VENDOR)
    if version is None:
        fail("uvicorn was installed, but cannot be imported.", advice)
    return version


def main():
    if sys.version_info < (3, 8):
        fail("the server needs Python 3.8 or newer; this image has %d.%d." % sys.version_info[:2],
             "Use a newer base image in the environment's Dockerfile.")
    version = uvicorn_version() or install()
    if os.access(HERE, os.W_OK):
        compileall.compile_dir(HERE, quiet=2)  # for a quicker start
    print("affinetes: server ready, Python %d.%d, uvicorn %s" % (sys.version_info[0], sys.version_info[1], version))


main()
