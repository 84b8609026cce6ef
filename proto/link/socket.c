/* SPDX-License-Identifier: Apache-2.0 */
/* socket.c - opens nanomsg sockets; see socket.h. Control threads. */
#include "proto/link/socket.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <nanomsg/nn.h>
#include <nanomsg/pubsub.h>
#include <nanomsg/reqrep.h>
#include <nanomsg/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/link/link.h"

#define TW_LOG_AREA "link"
#include "common/log.h"

enum {
	RECONNECT_MIN_MS = 50,
	RECONNECT_MAX_MS = 500,
	RECONNECT_MAX_LOCAL_MS = 50,   /* a switch that was killed has its snapshot again well within a second */
	RESEND_NEVER_MS = INT_MAX / 2, /* 12 days: a long poll is not repeated because it is long */
	SP_HEADER_MAX = 64,            /* nanomsg counts its own header (4 octets a hop) to the message's size */
};

static const char *ipc_path(const char *url)
{
	return strncmp(url, "ipc://", 6) == 0 ? url + 6 : NULL;
}

/* nanomsg aborts the program on some of these, so they are found first. */
static int check_url(const char *url)
{
	const char *path = ipc_path(url);

	if (path && !*path)
		return -EINVAL;
	if (path)
		return strlen(path) < sizeof((struct sockaddr_un){ 0 }.sun_path) ? 0 : -ENAMETOOLONG;
	return strncmp(url, "tcp://", 6) == 0 ? 0 : -EPROTONOSUPPORT;
}

static bool set_int(int sock, int level, int option, int value)
{
	return nn_setsockopt(sock, level, option, &value, sizeof(value)) == 0;
}

static bool set_options(int sock, int protocol, const char *url)
{
	bool ok = set_int(sock, NN_SOL_SOCKET, NN_RCVMAXSIZE, TW_LINK_MAX_SIZE + SP_HEADER_MAX) &&
		  set_int(sock, NN_SOL_SOCKET, NN_RECONNECT_IVL, RECONNECT_MIN_MS) &&
		  set_int(sock, NN_SOL_SOCKET, NN_RECONNECT_IVL_MAX,
			  ipc_path(url) ? RECONNECT_MAX_LOCAL_MS : RECONNECT_MAX_MS);

	if (protocol == NN_REQ)
		ok = ok && set_int(sock, NN_REQ, NN_REQ_RESEND_IVL, RESEND_NEVER_MS);
	if (protocol == NN_SUB)
		ok = ok && nn_setsockopt(sock, NN_SUB, NN_SUB_SUBSCRIBE, "", 0) == 0;
	if (!ipc_path(url))
		ok = ok && set_int(sock, NN_TCP, NN_TCP_NODELAY, 1);
	if (strchr(url, '[')) /* an IPv6 address */
		ok = ok && set_int(sock, NN_SOL_SOCKET, NN_IPV4ONLY, 0);
	return ok;
}

static int open_socket(int domain, int protocol, const char *url)
{
	int rc = check_url(url), sock = rc ? -1 : nn_socket(domain, protocol);

	if (rc)
		return rc;
	if (sock < 0)
		return -nn_errno();
	if (set_options(sock, protocol, url))
		return sock;
	rc = -nn_errno();
	tw_link_socket_close(sock);
	return rc;
}

/* Remove a socket that no one listens on; leave everything else for bind to fail on. */
static int remove_stale(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct stat st;
	int fd, rc = 0;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	memcpy(un.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0 || errno == EAGAIN)
		rc = -EADDRINUSE;
	else if (errno != ECONNREFUSED)
		rc = -errno;
	else if (unlink(path))
		rc = -errno;
	close(fd);
	return rc;
}

/* nanomsg 1.1.5 leaks its endpoint when bind(2) fails, so what fails it most often is found before. */
static int check_folder(const char *path)
{
	char folder[sizeof((struct sockaddr_un){ 0 }.sun_path)];

	memcpy(folder, path, strlen(path) + 1); /* check_url() saw that it fits */
	return access(dirname(folder), W_OK | X_OK) ? -errno : 0;
}

static int bind_url(int sock, const char *url)
{
	const char *path = ipc_path(url);
	int rc = path ? check_folder(path) : 0;
	mode_t old;

	if (!rc && path)
		rc = remove_stale(path);
	if (rc)
		return rc;
	old = umask(0177); /* nanomsg binds before nn_bind() returns: the file is never wider open than 0600 */
	rc = nn_bind(sock, url) < 0 ? -nn_errno() : 0;
	umask(old);
	return rc;
}

int tw_link_socket_bind(int domain, int protocol, const char *url)
{
	int sock = open_socket(domain, protocol, url), rc = sock < 0 ? sock : bind_url(sock, url);

	if (!rc)
		return sock;
	tw_link_socket_close(sock);
	tw_log_error("cannot listen: url=%s error=\"%s\"", url, nn_strerror(-rc));
	return rc;
}

int tw_link_socket_connect(int protocol, const char *url)
{
	int sock = open_socket(AF_SP, protocol, url), rc = sock < 0 ? sock : 0;

	if (!rc && nn_connect(sock, url) < 0)
		rc = -nn_errno();
	if (!rc)
		return sock;
	tw_link_socket_close(sock);
	tw_log_error("cannot connect: url=%s error=\"%s\"", url, nn_strerror(-rc));
	return rc;
}

void tw_link_socket_close(int sock)
{
	if (sock < 0)
		return;
	while (nn_close(sock) < 0 && nn_errno() == EINTR)
		;
}

int tw_link_socket_fd(int sock)
{
	int fd = -1;
	size_t size = sizeof(fd);

	return nn_getsockopt(sock, NN_SOL_SOCKET, NN_RCVFD, &fd, &size) < 0 ? -nn_errno() : fd;
}

long tw_link_socket_recv(int sock, void **data)
{
	int n = nn_recv(sock, data, NN_MSG, NN_DONTWAIT);

	return n < 0 ? -nn_errno() : n;
}
