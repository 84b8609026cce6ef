/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c - a client's end of TLS by OpenSSL; see tls.h. Owns the session and its context, not the socket. */
#include "flowexport/tls.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

enum {
	ERROR_SIZE = 400,
	READS_MAX = 64, /* at once: a collector that talks without end has the rest of it wait, not the exporter */
};

struct tw_tls {
	struct tw_tls_config config;
	BIO_METHOD *method;
	SSL_CTX *context; /* NULL = nothing was begun */
	SSL *session;
	int fd;
	bool greeted, broken; /* the handshake is done; no goodbye any more */
	uint64_t greeted_ms, read_then;
	int failure;   /* the first, that broke it */
	int sys_error; /* of the socket, positive */
	char error[ERROR_SIZE];
};

/* ---- the socket as OpenSSL sees it: its own would raise SIGPIPE ---- */

static bool is_for_later(int error)
{
	return error == EAGAIN || error == EINTR;
}

static int bio_write(BIO *bio, const char *data, int size)
{
	struct tw_tls *tls = BIO_get_data(bio);
	ssize_t n = send(tls->fd, data, (size_t)size, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (n < 0 && is_for_later(errno))
		BIO_set_retry_write(bio);
	else if (n < 0)
		tls->sys_error = errno;
	return (int)n;
}

static int bio_read(BIO *bio, char *data, int size)
{
	struct tw_tls *tls = BIO_get_data(bio);
	ssize_t n = recv(tls->fd, data, (size_t)size, 0);

	BIO_clear_retry_flags(bio);
	if (n < 0 && is_for_later(errno))
		BIO_set_retry_read(bio);
	else if (n <= 0)
		tls->sys_error = n ? errno : ECONNRESET;
	return (int)n;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	return command == BIO_CTRL_FLUSH; /* the rest is not for a socket like this */
}

/* ---- errors ---- */

static int say(struct tw_tls *tls, const char *what, const char *path, const char *why)
{
	snprintf(tls->error, sizeof(tls->error), "%s%s%s%s%s", what, *path ? " " : "", path, *why ? ": " : "", why);
	return -EPROTO;
}

static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return text ? text : "";
}

static int failure_of(struct tw_tls *tls, int kind)
{
	long verified = SSL_get_verify_result(tls->session);

	if (kind == SSL_ERROR_ZERO_RETURN)
		return -ECONNRESET;
	if (verified != X509_V_OK)
		return say(tls, "the collector's certificate is not accepted", "",
			   X509_verify_cert_error_string(verified));
	if (kind == SSL_ERROR_SYSCALL || tls->sys_error) {
		ERR_clear_error();
		if (!tls->greeted)
			return say(tls, "the collector broke the TLS handshake off", "", strerror(tls->sys_error));
		return tls->sys_error ? -tls->sys_error : -ECONNRESET;
	}
	return say(tls, "TLS", "", reason());
}

/* What a call came to that returned rc <= 0. @return 0: try again later */
static int verdict(struct tw_tls *tls, int rc)
{
	int kind = SSL_get_error(tls->session, rc);

	if (tls->broken)
		return tls->failure;
	if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
		return 0;
	tls->broken = true;
	tls->failure = failure_of(tls, kind);
	return tls->failure;
}

/* ---- files ---- */

static int no_password(char *buffer, int size, int writing, void *arg)
{
	return 0;
}

static bool is_public(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & (S_IROTH | S_IWOTH));
}

static int read_own(struct tw_tls *tls)
{
	const struct tw_tls_config *c = &tls->config;

	if (!*c->certificate)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(tls->context, c->certificate) != 1)
		return say(tls, "cannot read the certificate", c->certificate, reason());
	if (is_public(c->key))
		return say(tls, "everybody on this host may read the key", c->key, "");
	if (SSL_CTX_use_PrivateKey_file(tls->context, c->key, SSL_FILETYPE_PEM) != 1)
		return say(tls, "cannot read the key", c->key, reason());
	if (SSL_CTX_check_private_key(tls->context) != 1)
		return say(tls, "the key is not the certificate's:", c->key, reason());
	return 0;
}

static int read_files(struct tw_tls *tls)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	tls->context = context;
	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
		return say(tls, "TLS", "", "out of memory");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY); /* tickets without end would keep one SSL_read() */
	SSL_CTX_set_default_passwd_cb(context, no_password);
	if (SSL_CTX_load_verify_file(context, tls->config.ca) != 1)
		return say(tls, "cannot read the CA", tls->config.ca, reason());
	return read_own(tls);
}

/* ---- a session ---- */

static bool expect_address(X509_VERIFY_PARAM *wanted, const struct sockaddr_storage *peer)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)peer;
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)peer;

	if (peer->ss_family == AF_INET)
		return X509_VERIFY_PARAM_set1_ip(wanted, (const uint8_t *)&sin->sin_addr, sizeof(sin->sin_addr)) == 1;
	return X509_VERIFY_PARAM_set1_ip(wanted, (const uint8_t *)&sin6->sin6_addr, sizeof(sin6->sin6_addr)) == 1;
}

/* A name that is an address is compared as one, and is not told beforehand (RFC 6066 section 3). */
static bool expect_peer(struct tw_tls *tls, const struct sockaddr_storage *peer)
{
	X509_VERIFY_PARAM *wanted = SSL_get0_param(tls->session);

	if (!*tls->config.name)
		return expect_address(wanted, peer);
	if (X509_VERIFY_PARAM_set1_ip_asc(wanted, tls->config.name) == 1)
		return true;
	X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(wanted, tls->config.name, 0) == 1 &&
	       SSL_set_tlsext_host_name(tls->session, tls->config.name) == 1;
}

static int make_session(struct tw_tls *tls, const struct sockaddr_storage *peer)
{
	BIO *bio = BIO_new(tls->method);

	tls->session = SSL_new(tls->context);
	if (!bio || !tls->session) {
		BIO_free(bio);
		return say(tls, "TLS", "", "out of memory");
	}
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->session, bio, bio);
	SSL_set_connect_state(tls->session);
	return expect_peer(tls, peer) ? 0 : say(tls, "no certificate can have the name", tls->config.name, "");
}

struct tw_tls *tw_tls_create(const struct tw_tls_config *config)
{
	struct tw_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return NULL;
	tls->config = *config;
	tls->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "collector");
	if (!tls->method || !BIO_meth_set_write(tls->method, bio_write) || !BIO_meth_set_read(tls->method, bio_read) ||
	    !BIO_meth_set_ctrl(tls->method, bio_ctrl)) {
		tw_tls_destroy(tls);
		return NULL;
	}
	return tls;
}

void tw_tls_destroy(struct tw_tls *tls)
{
	if (!tls)
		return;
	tw_tls_end(tls);
	BIO_meth_free(tls->method);
	free(tls);
}

int tw_tls_begin(struct tw_tls *tls, int fd, const struct sockaddr_storage *peer)
{
	int rc;

	tw_tls_end(tls);
	ERR_clear_error();
	tls->fd = fd;
	tls->greeted = tls->broken = false;
	tls->sys_error = 0;
	tls->error[0] = '\0';
	rc = read_files(tls);
	return rc ? rc : make_session(tls, peer);
}

void tw_tls_end(struct tw_tls *tls)
{
	if (tls->session && tls->greeted && !tls->broken)
		SSL_shutdown(tls->session);
	SSL_free(tls->session);
	SSL_CTX_free(tls->context);
	ERR_clear_error();
	tls->session = NULL;
	tls->context = NULL;
}

static uint64_t octets_read(const struct tw_tls *tls)
{
	return BIO_number_read(SSL_get_rbio(tls->session));
}

int tw_tls_greet(struct tw_tls *tls, uint64_t now_ms)
{
	int rc;

	if (!tls->greeted) {
		rc = SSL_do_handshake(tls->session);
		if (rc != 1)
			return verdict(tls, rc);
		tls->greeted = true;
		tls->greeted_ms = now_ms;
		tls->read_then = octets_read(tls);
	}
	rc = tw_tls_hear(tls);
	if (rc)
		return rc;
	return octets_read(tls) != tls->read_then || now_ms - tls->greeted_ms >= TW_TLS_HEAR_MS;
}

ssize_t tw_tls_write(struct tw_tls *tls, const uint8_t *message, size_t size)
{
	int rc = SSL_write(tls->session, message, (int)size);

	if (rc > 0)
		return rc;
	rc = verdict(tls, rc);
	return rc ? rc : -EAGAIN;
}

int tw_tls_hear(struct tw_tls *tls)
{
	uint8_t ignored[256];
	int rc = 1;

	for (int i = 0; i < READS_MAX && rc > 0; i++)
		rc = SSL_read(tls->session, ignored, sizeof(ignored));
	return rc > 0 ? 0 : verdict(tls, rc);
}

uint64_t tw_tls_written(const struct tw_tls *tls)
{
	return BIO_number_written(SSL_get_wbio(tls->session));
}

const char *tw_tls_error(const struct tw_tls *tls)
{
	return tls->error;
}
