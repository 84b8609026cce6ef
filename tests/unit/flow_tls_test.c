/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_tls_test.c - IPFIX over TLS to a collector that is OpenSSL's own server: who is believed, who is not, and what becomes
 *                   of the records. Certificates are made here; the exporter's clock is an argument.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/log.h"
#include "flowexport/exporter.h"
#include "tests/support/ipfix_decode.h"

#define START_MS UINT64_C(1800000000000)

enum { STEP_MS = 50, WAITS_MAX = 4000, BUFFER = 1 << 20, FLOWS = 3000, DAY_S = 86400 };

static const struct tw_flow_record flow = {
	.key_flags = TW_FLOW_KEY_IPV4, .protocol = 17, .packets = 2, .l3_octets = 300, .ingress = 1
};

/* ---- certificates ---- */

struct identity {
	X509 *certificate;
	EVP_PKEY *key;
};

static struct {
	char dir[64];
	struct identity ca, stranger, server, expired, named, client, unknown_client;
} pki;

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
}

/* @param issuer NULL = it signs itself; @param alt subjectAltName, NULL = it is a CA */
static struct identity make(const char *name, const struct identity *issuer, const char *alt, long from_s, long to_s)
{
	struct identity id = { X509_new(), EVP_EC_gen("P-256") };
	X509_NAME *subject = X509_get_subject_name(id.certificate);
	static long serial;

	X509_set_version(id.certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id.certificate), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(id.certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(id.certificate), to_s);
	X509_set_pubkey(id.certificate, id.key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0);
	X509_set_issuer_name(id.certificate, X509_get_subject_name(issuer ? issuer->certificate : id.certificate));
	add_extension(id.certificate, issuer ? issuer->certificate : id.certificate,
		      alt ? NID_subject_alt_name : NID_basic_constraints, alt ? alt : "critical,CA:TRUE");
	assert_true(X509_sign(id.certificate, issuer ? issuer->key : id.key, EVP_sha256()) > 0);
	return id;
}

static void path_of(char path[TW_TLS_PATH], const char *file)
{
	snprintf(path, TW_TLS_PATH, "%s/%s", pki.dir, file);
}

static void save(const char *file, const struct identity *id, bool key, mode_t mode)
{
	char path[TW_TLS_PATH];
	FILE *f;

	path_of(path, file);
	f = fopen(path, "w");
	assert_non_null(f);
	if (key)
		PEM_write_PrivateKey(f, id->key, NULL, NULL, 0, NULL, NULL);
	else
		PEM_write_X509(f, id->certificate);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static int make_pki(void **state)
{
	strcpy(pki.dir, "/tmp/tw-flow-tls-XXXXXX");
	assert_non_null(mkdtemp(pki.dir));
	pki.ca = make("ca", NULL, NULL, -DAY_S, DAY_S);
	pki.stranger = make("stranger", NULL, NULL, -DAY_S, DAY_S);
	pki.server = make("server", &pki.ca, "IP:127.0.0.1", -DAY_S, DAY_S);
	pki.expired = make("expired", &pki.ca, "IP:127.0.0.1", -2 * DAY_S, -DAY_S);
	pki.named = make("named", &pki.ca, "DNS:flows.example.net", -DAY_S, DAY_S);
	pki.client = make("host a", &pki.ca, "DNS:a", -DAY_S, DAY_S);
	pki.unknown_client = make("host x", &pki.stranger, "DNS:x", -DAY_S, DAY_S);
	save("ca.pem", &pki.ca, false, 0644);
	save("stranger.pem", &pki.stranger, false, 0644);
	save("client.pem", &pki.client, false, 0644);
	save("client.key", &pki.client, true, 0600);
	save("public.key", &pki.client, true, 0644);
	save("unknown.pem", &pki.unknown_client, false, 0644);
	save("unknown.key", &pki.unknown_client, true, 0600);
	return 0;
}

static int remove_pki(void **state)
{
	static const char *const files[] = { "ca.pem",     "stranger.pem", "client.pem", "client.key",
					     "public.key", "unknown.pem",  "unknown.key" };
	struct identity *all[] = { &pki.ca,    &pki.stranger, &pki.server,        &pki.expired,
				   &pki.named, &pki.client,   &pki.unknown_client };
	char path[TW_TLS_PATH];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		path_of(path, files[i]);
		unlink(path);
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		X509_free(all[i]->certificate);
		EVP_PKEY_free(all[i]->key);
	}
	return rmdir(pki.dir);
}

/* ---- a collector ---- */

struct fixture {
	int listener, fd;
	SSL_CTX *context;
	SSL *session;
	bool is_deaf, up; /* deaf: it takes connections and says nothing */
	int version;
	struct ipfix_decoder *decoder;
	size_t have;
	uint8_t buffer[BUFFER];
	uint64_t received, sessions, connections;
	struct tw_exporter *exporter;
	struct tw_exporter_config config;
	uint64_t now, added;
};

/* @param trusted whose clients it takes; NULL = it does not ask */
static void serve(struct fixture *f, const struct identity *id, const struct identity *trusted)
{
	SSL_CTX_free(f->context);
	f->context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(f->context, id->certificate);
	SSL_CTX_use_PrivateKey(f->context, id->key);
	if (!trusted)
		return;
	X509_STORE_add_cert(SSL_CTX_get_cert_store(f->context), trusted->certificate);
	SSL_CTX_set_verify(f->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct tw_exporter_target *t = &f->config.targets[0];
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };

	tw_log_init("test", TW_LOG_ERROR);
	f->fd = -1;
	f->now = START_MS;
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	t->collector_size = sizeof(sin);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(getsockname(f->listener, (struct sockaddr *)&sin, &t->collector_size), 0);
	assert_int_equal(listen(f->listener, 8), 0);
	memcpy(&t->collector, &sin, sizeof(sin));
	t->transport = TW_TRANSPORT_TLS;
	t->mtu = 1400;
	f->config.observation_domain = 7;
	f->config.n_targets = 1;
	path_of(t->tls.ca, "ca.pem");
	path_of(t->tls.certificate, "client.pem");
	path_of(t->tls.key, "client.key");
	serve(f, &pki.server, &pki.ca);
	f->exporter = tw_exporter_create();
	*state = f;
	return 0;
}

static void hang_up(struct fixture *f)
{
	SSL_free(f->session);
	f->session = NULL;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->have = 0;
	f->up = false;
	ipfix_decoder_destroy(f->decoder);
	f->decoder = NULL;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tw_exporter_destroy(f->exporter);
	hang_up(f);
	SSL_CTX_free(f->context);
	close(f->listener);
	free(f);
	return 0;
}

static void on_record(const struct ipfix_record *r, void *context)
{
	struct fixture *f = context;

	f->received += !r->is_options;
}

static void decode(struct fixture *f)
{
	size_t at = 0, size;

	for (; f->have - at >= 4; at += size) {
		size = (size_t)f->buffer[at + 2] << 8 | f->buffer[at + 3];
		if (size > f->have - at)
			break;
		assert_int_equal(ipfix_decode(f->decoder, f->buffer + at, size, on_record, f), 0);
	}
	memmove(f->buffer, f->buffer + at, f->have - at);
	f->have -= at;
}

static void take_connection(struct fixture *f)
{
	f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (f->fd < 0)
		return;
	f->connections++;
	f->session = SSL_new(f->context);
	SSL_set_fd(f->session, f->fd);
	SSL_set_accept_state(f->session);
	f->decoder = ipfix_decoder_create();
}

/* The other end has failed or gone: the next connection, please. */
static void give_up_if_over(struct fixture *f, int rc)
{
	int kind = SSL_get_error(f->session, rc);

	ERR_clear_error();
	if (kind != SSL_ERROR_WANT_READ && kind != SSL_ERROR_WANT_WRITE)
		hang_up(f);
}

static void collect(struct fixture *f)
{
	int rc;

	if (f->fd < 0)
		take_connection(f);
	if (f->fd < 0 || f->is_deaf)
		return;
	if (!f->up) {
		rc = SSL_do_handshake(f->session);
		if (rc != 1) {
			give_up_if_over(f, rc);
			return;
		}
		f->up = true;
		f->sessions++;
		f->version = SSL_version(f->session);
	}
	while ((rc = SSL_read(f->session, f->buffer + f->have, (int)(sizeof(f->buffer) - f->have))) > 0) {
		f->have += (size_t)rc;
		decode(f);
	}
	give_up_if_over(f, rc);
}

static struct tw_exporter_stats tick(struct fixture *f)
{
	struct tw_exporter_stats stats[TW_TARGETS_MAX];

	f->now += STEP_MS;
	tw_exporter_tick(f->exporter, f->now);
	collect(f);
	assert_int_equal(tw_exporter_get_stats(f->exporter, stats), 1);
	return stats[0];
}

static void begin(struct fixture *f)
{
	assert_int_equal(tw_exporter_configure(f->exporter, &f->config), 0);
	tick(f);
}

static void add_flows(struct fixture *f, unsigned n)
{
	f->added += n;
	while (n--)
		tw_exporter_add(f->exporter, &flow);
}

/* Until the fate of all records is known. */
static struct tw_exporter_stats settle(struct fixture *f)
{
	struct tw_exporter_stats s = tick(f);

	for (unsigned i = 0; s.records + s.lost_records < f->added && i < WAITS_MAX; i++) {
		usleep(1000);
		s = tick(f);
	}
	assert_int_equal(s.records + s.lost_records, f->added);
	return s;
}

static void all_arrive(struct fixture *f)
{
	struct tw_exporter_stats s;

	begin(f);
	add_flows(f, FLOWS);
	s = settle(f);
	for (unsigned i = 0; i < WAITS_MAX && f->received < FLOWS; i++) {
		usleep(1000);
		tick(f);
	}
	assert_int_equal(f->received, FLOWS);
	assert_int_equal(s.records, FLOWS);
	assert_string_equal(s.error, "");
	assert_int_equal(s.state, TW_COLLECTOR_ACTIVE);
	assert_int_equal(f->sessions, 1);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->sequence_errors, 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->unknown_sets, 0);
}

/* Nothing is sent, everything is said to be lost, and why. */
static void refused(struct fixture *f, const char *error)
{
	struct tw_exporter_stats s = { 0 };

	begin(f);
	add_flows(f, FLOWS);
	for (unsigned i = 0; i < WAITS_MAX && !*s.error; i++) {
		usleep(1000);
		s = tick(f);
	}
	s = settle(f);
	assert_int_equal(s.records, 0);
	assert_int_equal(s.lost_records, FLOWS);
	assert_int_equal(f->received, 0);
	assert_int_equal(s.state, TW_COLLECTOR_FAILED);
	if (!strstr(s.error, error))
		fail_msg("error is \"%s\", not \"%s\"", s.error, error);
}

/* ---- claims ---- */

static void both_ends_prove_who_they_are_and_every_record_arrives(void **state)
{
	struct fixture *f = *state;

	all_arrive(f);
	assert_int_equal(f->version, TLS1_3_VERSION);
}

static void version_1_2_will_do(void **state)
{
	struct fixture *f = *state;

	SSL_CTX_set_max_proto_version(f->context, TLS1_2_VERSION);
	all_arrive(f);
	assert_int_equal(f->version, TLS1_2_VERSION);
}

static void version_1_1_will_not(void **state)
{
	struct fixture *f = *state;

	SSL_CTX_set_security_level(f->context, 0);
	SSL_CTX_set_max_proto_version(f->context, TLS1_1_VERSION);
	refused(f, "TLS: ");
}

static void a_collector_may_do_without_our_certificate(void **state)
{
	struct fixture *f = *state;

	serve(f, &pki.server, NULL);
	f->config.targets[0].tls.certificate[0] = f->config.targets[0].tls.key[0] = '\0';
	all_arrive(f);
}

static void a_name_is_checked_where_one_is_configured(void **state)
{
	struct fixture *f = *state;

	serve(f, &pki.named, &pki.ca);
	strcpy(f->config.targets[0].tls.name, "flows.example.net");
	all_arrive(f);
}

static void another_name_is_refused(void **state)
{
	struct fixture *f = *state;

	serve(f, &pki.named, &pki.ca);
	strcpy(f->config.targets[0].tls.name, "other.example.net");
	refused(f, "the collector's certificate is not accepted: hostname mismatch");
}

static void another_address_is_refused(void **state)
{
	struct fixture *f = *state;

	serve(f, &pki.named, &pki.ca); /* it has no address at all */
	refused(f, "the collector's certificate is not accepted: IP address mismatch");
}

static void another_ca_is_refused(void **state)
{
	struct fixture *f = *state;

	serve(f, &pki.server, NULL);
	path_of(f->config.targets[0].tls.ca, "stranger.pem");
	refused(f, "the collector's certificate is not accepted: unable to get local issuer certificate");
}

static void an_expired_certificate_is_refused(void **state)
{
	struct fixture *f = *state;

	serve(f, &pki.expired, &pki.ca);
	refused(f, "the collector's certificate is not accepted: certificate has expired");
}

static void a_collector_that_refuses_our_certificate_gets_no_record_and_none_is_said_to_have_arrived(void **state)
{
	struct fixture *f = *state;

	path_of(f->config.targets[0].tls.certificate, "unknown.pem");
	path_of(f->config.targets[0].tls.key, "unknown.key");
	refused(f, "alert unknown ca");
}

static void a_collector_that_asks_for_a_certificate_refuses_us_without(void **state)
{
	struct fixture *f = *state;

	f->config.targets[0].tls.certificate[0] = f->config.targets[0].tls.key[0] = '\0';
	refused(f, "alert certificate required");
}

static void a_collector_that_stalls_in_the_handshake_is_given_up(void **state)
{
	struct fixture *f = *state;

	f->is_deaf = true;
	refused(f, "the collector does not answer the TLS handshake");
}

static void one_that_does_not_speak_tls_is_refused(void **state)
{
	struct fixture *f = *state;

	f->is_deaf = true;
	begin(f);
	for (unsigned i = 0; i < WAITS_MAX && f->fd < 0; i++) {
		usleep(1000);
		collect(f);
	}
	assert_int_equal(send(f->fd, "220 mail.example.net ESMTP\r\n", 28, 0), 28);
	refused(f, "TLS: ");
}

static void a_file_that_is_not_there_or_wrong_is_named(void **state)
{
	static const struct {
		const char *ca, *certificate, *key, *error;
	} cases[] = {
		{ "none.pem", "client.pem", "client.key", "cannot read the CA /tmp/tw-flow-tls-" },
		{ "ca.pem", "none.pem", "client.key", "cannot read the certificate /tmp/tw-flow-tls-" },
		{ "ca.pem", "client.pem", "none.key", "cannot read the key /tmp/tw-flow-tls-" },
		{ "ca.pem", "client.pem", "unknown.key", "key values mismatch" },
		{ "ca.pem", "client.pem", "public.key", "everybody on this host may read the key /tmp/tw-flow-tls-" },
		{ "client.key", "client.pem", "client.key", "cannot read the CA /tmp/tw-flow-tls-" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture *f;

		if (i) {
			tear_down(state);
			set_up(state);
		}
		f = *state;
		path_of(f->config.targets[0].tls.ca, cases[i].ca);
		path_of(f->config.targets[0].tls.certificate, cases[i].certificate);
		path_of(f->config.targets[0].tls.key, cases[i].key);
		refused(f, cases[i].error);
		assert_int_equal(f->connections, 0);
	}
}

static void a_collector_that_hangs_up_is_met_again_in_a_session_that_knows_nothing(void **state)
{
	struct fixture *f = *state;
	struct tw_exporter_stats s;

	all_arrive(f);
	hang_up(f);
	for (unsigned i = 0; i < WAITS_MAX && f->sessions < 2; i++) {
		usleep(1000);
		tick(f);
	}
	assert_int_equal(f->sessions, 2);
	add_flows(f, 200);
	s = settle(f);
	assert_int_equal(s.lost_records, 0);
	for (unsigned i = 0; i < WAITS_MAX && f->received < FLOWS + 200; i++) {
		usleep(1000);
		tick(f);
	}
	assert_int_equal(f->received, FLOWS + 200);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->unknown_sets, 0);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->sequence_errors, 0);
}

static void a_collector_that_does_not_read_costs_bounded_memory_and_every_record_is_accounted_for(void **state)
{
	const int small = 4096;
	struct fixture *f = *state;
	struct tw_exporter_stats s = { 0 };

	setsockopt(f->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	begin(f);
	for (unsigned i = 0; i < WAITS_MAX && !f->up; i++) {
		usleep(1000);
		tick(f);
	}
	f->is_deaf = true;
	for (unsigned i = 0; i < 5000 && s.lost_records == 0; i++) {
		add_flows(f, 200);
		s = tick(f);
	}
	assert_true(s.lost_records > 0);
	assert_string_equal(s.error, strerror(ENOBUFS));
	f->is_deaf = false;
	s = settle(f);
	for (unsigned i = 0; i < WAITS_MAX && f->received < s.records; i++) {
		usleep(1000);
		tick(f);
	}
	assert_int_equal(f->received, s.records);
	assert_int_equal(ipfix_decoder_counts(f->decoder)->malformed, 0);
	assert_int_equal(f->sessions, 1);
}

static int unsent(int fd)
{
	int octets = 0;

	assert_int_equal(ioctl(fd, SIOCOUTQ, &octets), 0);
	return octets;
}

/* What it sends waits at its own end, once the exporter's socket is full. */
static void a_collector_that_talks_without_end_is_heard_a_part_at_a_time(void **state)
{
	struct fixture *f = *state;

	begin(f);
	for (unsigned i = 0; i < WAITS_MAX && !f->up; i++) {
		usleep(1000);
		tick(f);
	}
	while (SSL_write(f->session, f->buffer, 1 << 14) > 0)
		;
	assert_true(unsent(f->fd) > 1 << 16);
	tick(f);
	assert_true(unsent(f->fd) > 0);
	add_flows(f, FLOWS);
	assert_int_equal(settle(f).lost_records, 0);
	for (unsigned i = 0; i < WAITS_MAX && f->received < FLOWS; i++) {
		usleep(1000);
		tick(f);
	}
	assert_int_equal(f->received, FLOWS);
	assert_int_equal(f->sessions, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(both_ends_prove_who_they_are_and_every_record_arrives),
		TEST(version_1_2_will_do),
		TEST(version_1_1_will_not),
		TEST(a_collector_may_do_without_our_certificate),
		TEST(a_name_is_checked_where_one_is_configured),
		TEST(another_name_is_refused),
		TEST(another_address_is_refused),
		TEST(another_ca_is_refused),
		TEST(an_expired_certificate_is_refused),
		TEST(a_collector_that_refuses_our_certificate_gets_no_record_and_none_is_said_to_have_arrived),
		TEST(a_collector_that_asks_for_a_certificate_refuses_us_without),
		TEST(a_collector_that_stalls_in_the_handshake_is_given_up),
		TEST(one_that_does_not_speak_tls_is_refused),
		TEST(a_file_that_is_not_there_or_wrong_is_named),
		TEST(a_collector_that_hangs_up_is_met_again_in_a_session_that_knows_nothing),
		TEST(a_collector_that_talks_without_end_is_heard_a_part_at_a_time),
		TEST(a_collector_that_does_not_read_costs_bounded_memory_and_every_record_is_accounted_for),
	};

	return cmocka_run_group_tests(tests, make_pki, remove_pki);
}
