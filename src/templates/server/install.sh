# Runs in the image of an environment, at its build: finds Python and hands over to install.py.
if ! command -v python3 >/dev/null 2>&1; then
	if ! command -v python >/dev/null 2>&1; then
		echo "affinetes: this image has no Python. Use a base image with Python 3.8 or newer in the environment's Dockerfile." >&2
		exit 1
	fi
	# The image is started with python3, whatever its own Python is called.
	mkdir -p /usr/local/bin || exit 1
	printf '#!/bin/sh\nexec python "$@"\n' >/usr/local/bin/python3 || exit 1
	chmod 755 /usr/local/bin/python3 || exit 1
fi
exec python3 /app/_affinetes/install.py
