#!/bin/sh -e
. "$(dirname "$0")/library.sh"
hello "$@"
