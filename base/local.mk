# Sources of base/: knows nothing of containers.
BASE_SOURCES = \
	base/error.c \
	base/fdpass.c \
	base/io.c \
	base/json.c \
	base/json_parse.c \
	base/log.c \
	base/path.c \
	base/sha256.c \
	base/sys.c \
	base/undo.c
