#!/bin/sh
# pipeline_svg_test.sh PROGRAM PICTURE - the committed picture of the packet path is what the list of stages draws.
"$1" | diff - "$2" || {
    echo "docs/pipeline.svg is not what dataplane/pipeline.h says; draw it again: pipeline-svg >docs/pipeline.svg" >&2
    exit 1
}
