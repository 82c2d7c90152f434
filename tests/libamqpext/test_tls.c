/*
 * TLS: what is accepted, what is refused and in which words; bytes both ways under any conditions.
 */
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "test.h"

#include "transport/certificates.h"
#include "transport/peer.h"
#include "transport/reach.h"

static struct amqpext_tls_options trusting(void)
{
    struct amqpext_tls_options tls = AMQPEXT_TLS_OPTIONS_INIT;

    tls.ca_file = certificate("ca.pem");
    return tls;
}

static struct peer *tls_peer(const char *file)
{
    return peer_start(&(struct peer_options){.certificate = certificate(file)});
}

static bool reach_host(struct reach *to, const char *host, const struct peer *peer,
                       const struct amqpext_tls_options *tls)
{
    char url[160];

    snprintf(url, sizeof(url), "amqps://%s:%u", host, (unsigned)peer_port(peer));
    return reach(to, url, tls, REACH_TIMEOUT_MS);
}

static void assert_echoes(struct reach *to)
{
    char answer[5];

    assert_int_equal(reach_write(to, "hello", 5), STREAM_MOVED);
    assert_int_equal(reach_read(to, answer, 5), STREAM_MOVED);
    assert_memory_equal(answer, "hello", 5);
}

static void assert_reaches(const char *file, const char *host,
                           const struct amqpext_tls_options *tls)
{
    struct peer *peer = tls_peer(file);
    struct reach to;

    if (!reach_host(&to, host, peer, tls))
        fail_msg("%s as %s: %s", file, host, to.error.message);
    assert_echoes(&to);
    reach_end(&to);
    peer_stop(peer);
}

static void assert_refuses(const char *file, const char *host,
                           const struct amqpext_tls_options *tls, const char *why)
{
    struct peer *peer = tls_peer(file);
    struct reach to;

    assert_false(reach_host(&to, host, peer, tls));
    assert_int_equal(to.error.status, AMQPEXT_ETLS);
    if (strstr(to.error.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", to.error.message, why);
    assert_int_equal(ERR_peek_error(), 0);
    reach_end(&to);
    peer_stop(peer);
}

static void a_certificate_of_a_trusted_authority_is_accepted_by_name_and_address(void **state)
{
    struct amqpext_tls_options tls = trusting();

    (void)state;
    assert_reaches("server.pem", "localhost", &tls);
    assert_reaches("server.pem", "127.0.0.1", &tls);
}

static void a_folder_of_authorities_serves_as_well_as_a_file(void **state)
{
    struct amqpext_tls_options tls = AMQPEXT_TLS_OPTIONS_INIT;

    (void)state;
    tls.ca_path = certificate("folder");
    assert_reaches("server.pem", "localhost", &tls);
}

static void the_system_does_not_trust_the_authority_of_tests(void **state)
{
    (void)state;
    assert_refuses("server.pem", "localhost", NULL,
                   "certificate verify failed: unable to get local issuer certificate");
}

static void certificates_that_must_not_be_accepted_are_refused_with_the_reason(void **state)
{
    struct amqpext_tls_options tls = trusting();

    (void)state;
    assert_refuses("self.pem", "localhost", &tls,
                   "certificate verify failed: self-signed certificate");
    assert_refuses("expired.pem", "localhost", &tls,
                   "certificate verify failed: certificate has expired");
    assert_refuses("stranger.pem", "localhost", &tls, "hostname mismatch");
    assert_refuses("stranger.pem", "127.0.0.1", &tls, "IP address mismatch");
    tls.ca_file = certificate("other_ca.pem");
    assert_refuses("server.pem", "localhost", &tls, "unable to get local issuer certificate");
}

static void another_name_can_be_verified_than_the_one_that_is_dialled(void **state)
{
    struct amqpext_tls_options tls = trusting();

    (void)state;
    tls.server_name = "broker.example";
    assert_reaches("stranger.pem", "localhost", &tls);
    /* As written for DNS. */
    tls.server_name = "broker.example.";
    assert_reaches("stranger.pem", "127.0.0.1", &tls);
    assert_refuses("server.pem", "localhost", &tls, "hostname mismatch");
    tls.server_name = "127.0.0.1";
    assert_reaches("server.pem", "localhost", &tls);
    /* Nothing is left of it: not a wish to verify no name. */
    tls.server_name = ".";
    assert_refuses("stranger.pem", "localhost", &tls, "servername");
    tls.server_name = "%zone";
    assert_refuses("stranger.pem", "localhost", &tls, "servername");
}

static void the_name_is_sent_and_an_address_is_not(void **state)
{
    struct amqpext_tls_options tls = trusting();
    struct peer *peer = tls_peer("server.pem");
    struct reach to;

    (void)state;
    assert_true(reach_host(&to, "localhost", peer, &tls));
    assert_echoes(&to);
    assert_string_equal(peer_server_name(peer), "localhost");
    reach_end(&to);
    assert_true(reach_host(&to, "127.0.0.1", peer, &tls));
    assert_echoes(&to);
    assert_string_equal(peer_server_name(peer), "");
    reach_end(&to);
    peer_stop(peer);
}

static void verification_is_given_up_only_as_far_as_it_is_said(void **state)
{
    struct amqpext_tls_options tls = trusting();

    (void)state;
    tls.skip_verify_name = true;
    assert_reaches("stranger.pem", "localhost", &tls);
    assert_refuses("self.pem", "localhost", &tls, "self-signed certificate");
    assert_refuses("expired.pem", "localhost", &tls, "certificate has expired");
    tls = (struct amqpext_tls_options)AMQPEXT_TLS_OPTIONS_INIT;
    tls.skip_verify = true;
    assert_reaches("self.pem", "localhost", &tls);
    assert_reaches("expired.pem", "127.0.0.1", &tls);
}

static void old_versions_are_refused_and_tls_1_2_is_accepted(void **state)
{
    struct amqpext_tls_options tls = trusting();
    struct peer_options options = {.certificate = certificate("server.pem"),
                                   .min_version = TLS1_VERSION,
                                   .max_version = TLS1_1_VERSION};
    struct peer *peer = peer_start(&options);
    struct reach to;

    (void)state;
    assert_false(reach_host(&to, "localhost", peer, &tls));
    assert_int_equal(to.error.status, AMQPEXT_ETLS);
    reach_end(&to);
    peer_stop(peer);
    options.max_version = TLS1_2_VERSION;
    peer = peer_start(&options);
    assert_true(reach_host(&to, "localhost", peer, &tls));
    assert_echoes(&to);
    reach_end(&to);
    peer_stop(peer);
}

static struct peer *mutual_peer(int max_version)
{
    return peer_start(&(struct peer_options){.certificate = certificate("server.pem"),
                                             .client_authority = certificate("ca.pem"),
                                             .max_version = max_version});
}

static void assert_shows_certificate(const struct amqpext_tls_options *tls)
{
    struct peer *peer = mutual_peer(0);
    struct reach to;

    if (!reach_host(&to, "localhost", peer, tls))
        fail_msg("%s", to.error.message);
    assert_echoes(&to);
    assert_int_equal(peer_handshakes(peer), 1);
    reach_end(&to);
    peer_stop(peer);
}

static void a_client_shows_its_certificate(void **state)
{
    struct amqpext_tls_options tls = trusting();

    (void)state;
    tls.cert_file = certificate("client_both.pem");
    assert_shows_certificate(&tls);
    tls.cert_file = certificate("client.pem");
    tls.key_file = certificate("client.key");
    assert_shows_certificate(&tls);
    tls.key_password = CERTIFICATES_PASSWORD;
    tls.key_file = certificate("locked.key");
    assert_shows_certificate(&tls);
    tls.key_file = certificate("locked_old.key");
    assert_shows_certificate(&tls);
}

/* With TLS 1.3 the handshake of the client is over before the broker has looked. */
static void assert_is_refused(int version, const struct amqpext_tls_options *tls, const char *why)
{
    struct peer *peer = mutual_peer(version);
    struct reach to;

    if (reach_host(&to, "localhost", peer, tls)) {
        char buffer[8];

        assert_int_equal(version, 0);
        (void)reach_write(&to, "AMQP\0\0\11\1", 8);
        assert_int_equal(reach_read(&to, buffer, sizeof(buffer)), STREAM_FAILED);
    }
    assert_int_equal(to.error.status, AMQPEXT_ETLS);
    if (strstr(to.error.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", to.error.message, why);
    assert_int_equal(peer_handshakes(peer), 0);
    reach_end(&to);
    peer_stop(peer);
}

static void a_client_that_is_not_accepted_is_told_so_with_either_version(void **state)
{
    struct amqpext_tls_options tls = trusting();

    (void)state;
    assert_is_refused(TLS1_2_VERSION, &tls, "the broker refused: handshake failure");
    assert_is_refused(0, &tls, "the broker wants a certificate of the client");
    tls.cert_file = certificate("self.pem");
    assert_is_refused(TLS1_2_VERSION, &tls, "the broker refused: unknown CA");
    assert_is_refused(0, &tls, "the broker refused: unknown CA");
}

static void assert_file_is_refused(const struct amqpext_tls_options *tls, const char *why)
{
    struct peer *peer = tls_peer("server.pem");
    struct reach to;

    assert_false(reach_host(&to, "localhost", peer, tls));
    assert_int_equal(to.error.status, AMQPEXT_ETLS);
    if (strstr(to.error.message, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", to.error.message, why);
    assert_null(strstr(to.error.message, CERTIFICATES_PASSWORD));
    assert_int_equal(peer_connections(peer), 0);
    assert_int_equal(ERR_peek_error(), 0);
    reach_end(&to);
    peer_stop(peer);
}

static void files_that_cannot_be_used_are_named_before_anybody_is_dialled(void **state)
{
    struct amqpext_tls_options tls = trusting();

    (void)state;
    tls.ca_file = certificate("missing.pem");
    assert_file_is_refused(&tls, "missing.pem: No such file or directory");
    tls.ca_file = certificate("empty.pem");
    assert_file_is_refused(&tls, "empty.pem");
    tls.ca_file = NULL;
    tls.ca_path = certificate("nowhere");
    assert_file_is_refused(&tls, "nowhere: No such file or directory");
    tls = trusting();
    tls.cert_file = certificate("missing.pem");
    assert_file_is_refused(&tls, "missing.pem: No such file or directory");
    tls.cert_file = certificate("empty.pem");
    assert_file_is_refused(&tls, "empty.pem: no start line");
    tls.cert_file = certificate("client.pem");
    assert_file_is_refused(&tls, "the key of");
    tls.key_file = certificate("server.pem");
    assert_file_is_refused(&tls, "key values mismatch");
}

static void a_wrong_or_missing_password_fails_without_asking_anybody(void **state)
{
    static const char *const keys[] = {"locked.key", "locked_old.key"};
    struct amqpext_tls_options tls = trusting();
    size_t i;

    (void)state;
    tls.cert_file = certificate("client.pem");
    for (i = 0; i < 2; i++) {
        tls.key_file = certificate(keys[i]);
        tls.key_password = NULL;
        assert_file_is_refused(&tls, "is encrypted and there is no key_password");
        tls.key_password = "something else";
        assert_file_is_refused(&tls, "is encrypted with another key_password");
    }
}

static void speak_amqp(struct peer *peer, void *data)
{
    char buffer[512];

    (void)data;
    peer_read_some(peer, buffer, sizeof(buffer));
    peer_write(peer, "AMQP\0\0\11\1", 8);
}

static void a_port_without_tls_is_recognised(void **state)
{
    struct amqpext_tls_options tls = trusting();
    struct peer *peer = peer_start(&(struct peer_options){.serve = speak_amqp});
    struct reach to;

    (void)state;
    assert_false(reach_host(&to, "localhost", peer, &tls));
    assert_int_equal(to.error.status, AMQPEXT_ETLS);
    assert_non_null(strstr(to.error.message, "does not speak TLS"));
    reach_end(&to);
    peer_stop(peer);
}

static void wait_in_silence(struct peer *peer, void *data)
{
    (void)data;
    peer_wait(peer);
}

static void a_peer_that_is_silent_in_the_handshake_meets_the_deadline(void **state)
{
    struct amqpext_tls_options tls = trusting();
    struct peer *peer = peer_start(&(struct peer_options){.serve = wait_in_silence});
    char url[64];
    struct reach to;

    (void)state;
    snprintf(url, sizeof(url), "amqps://127.0.0.1:%u", (unsigned)peer_port(peer));
    assert_false(reach(&to, url, &tls, 500));
    assert_int_equal(to.error.status, AMQPEXT_ETIMEDOUT);
    assert_non_null(strstr(to.error.message, "the TLS handshake took too long"));
    assert_true(to.steps < 10);
    reach_end(&to);
    peer_stop(peer);
}

/* Passes on to another peer, up to a number of bytes that it gets back from there. */
struct relay {
    uint16_t port;
    size_t limit;
    bool is_reset;
};

static size_t pass(int from, int to, size_t most)
{
    char buffer[16384];
    const ssize_t size = recv(from, buffer, most < sizeof(buffer) ? most : sizeof(buffer), 0);

    return size <= 0 || send(to, buffer, (size_t)size, MSG_NOSIGNAL) != size ? 0 : (size_t)size;
}

static void relay_until_limit(struct peer *peer, void *data)
{
    const struct relay *relay = data;
    struct reach onward;
    char url[64];
    size_t left = relay->limit;

    snprintf(url, sizeof(url), "amqp://127.0.0.1:%u", (unsigned)relay->port);
    if (!reach(&onward, url, NULL, REACH_TIMEOUT_MS))
        left = 0;
    while (left > 0) {
        struct pollfd both[] = {{.fd = peer_fd(peer), .events = POLLIN},
                                {.fd = amqpext__stream_fd(onward.stream), .events = POLLIN}};

        poll(both, 2, -1);
        if (both[0].revents != 0 && pass(both[0].fd, both[1].fd, SIZE_MAX) == 0)
            break;
        if (both[1].revents != 0) {
            const size_t size = pass(both[1].fd, both[0].fd, left);

            if (size == 0)
                break;
            left -= size;
        }
    }
    if (relay->is_reset)
        peer_reset(peer);
    reach_end(&onward);
}

static void a_connection_that_is_cut_anywhere_in_the_handshake_is_no_matter_of_certificates(
    void **state)
{
    struct amqpext_tls_options tls = trusting();
    struct peer *server = tls_peer("server.pem");
    struct relay relay = {peer_port(server), 1, false};
    unsigned failures = 0;

    (void)state;
    /* The server's flight is longer than this. */
    for (; relay.limit < 800; relay.limit += 57, relay.is_reset = !relay.is_reset) {
        struct peer *peer =
            peer_start(&(struct peer_options){.serve = relay_until_limit, .data = &relay});
        struct reach to;

        if (!reach_host(&to, "localhost", peer, &tls)) {
            assert_int_equal(to.error.status, AMQPEXT_ECONNECTION);
            failures++;
        }
        reach_end(&to);
        peer_stop(peer);
    }
    assert_true(failures >= 10);
    peer_stop(server);
}

static void bytes_in_pieces_of_any_size_arrive_as_they_were(void **state)
{
    enum { SIZE = 300000 };
    struct amqpext_tls_options tls = trusting();
    struct peer *peer = tls_peer("server.pem");
    unsigned char *data = malloc(SIZE), *back = malloc(SIZE);
    size_t sent = 0, received = 0, i;
    struct reach to;

    (void)state;
    for (i = 0; i < SIZE; i++)
        data[i] = (unsigned char)(i * 7 + i / 251);
    assert_true(reach_host(&to, "localhost", peer, &tls));
    while (received < SIZE) {
        struct iovec pieces[5];
        size_t n = 0, at = sent;
        bool is_stuck = true;

        for (i = 0; i < 5; i++) {
            const size_t wish = (i * 7919 + sent * 31) % (i == 3 ? 40000 : 50);
            const size_t size = wish < SIZE - at ? wish : SIZE - at;

            pieces[i] = (struct iovec){data + at, size};
            at += size;
        }
        if (amqpext__stream_write(to.stream, pieces, 5, &n, &to.error) == STREAM_MOVED) {
            assert_true(n > 0 && n <= at - sent);
            sent += n;
            is_stuck = false;
        }
        n = 0;
        if (amqpext__stream_read(to.stream, back + received,
                                 (received * 13) % 30000 + 1 < SIZE - received
                                     ? (received * 13) % 30000 + 1
                                     : SIZE - received,
                                 &n, &to.error) == STREAM_MOVED) {
            received += n;
            is_stuck = false;
        }
        if (is_stuck)
            assert_true(reach_wait_readable(&to, REACH_TIMEOUT_MS));
    }
    assert_int_equal(sent, SIZE);
    assert_memory_equal(data, back, SIZE);
    free(data);
    free(back);
    reach_end(&to);
    peer_stop(peer);
}

static void count_after_release(struct peer *peer, void *data)
{
    size_t *total = data, size;
    char buffer[16384];

    peer_wait(peer);
    while ((size = peer_read_some(peer, buffer, sizeof(buffer))) > 0) {
        *total += size;
        if (buffer[size - 1] == '.')
            peer_write(peer, "received", 8);
    }
}

static void a_peer_that_does_not_read_makes_writing_wait_and_nothing_is_lost(void **state)
{
    struct amqpext_tls_options tls = trusting();
    size_t received = 0, sent = 0;
    struct peer *peer = peer_start(&(struct peer_options){
        .certificate = certificate("server.pem"), .serve = count_after_release, .data = &received});
    char data[50000];
    const struct iovec piece = {data, sizeof(data)};
    struct reach to;
    size_t n;

    (void)state;
    memset(data, 'x', sizeof(data));
    assert_true(reach_host(&to, "localhost", peer, &tls));
    while (amqpext__stream_write(to.stream, &piece, 1, &n, &to.error) == STREAM_MOVED ||
           reach_wait_writable(&to, 100))
        sent += n, n = 0;
    assert_true(amqpext__stream_has_unsent(to.stream));
    assert_false(reach_wait_writable(&to, 0));
    peer_release(peer);
    assert_int_equal(reach_write(&to, "the end.", 8), STREAM_MOVED);
    sent += 8;
    assert_int_equal(reach_read(&to, data, 8), STREAM_MOVED);
    reach_end(&to);
    peer_stop(peer);
    assert_int_equal(received, sent);
}

static void small_pieces_share_a_record(void **state)
{
    enum { N_PIECES = 100 };
    struct amqpext_tls_options tls = trusting();
    struct peer *peer = tls_peer("server.pem");
    struct iovec pieces[N_PIECES];
    char back[N_PIECES * 10];
    struct reach to;
    size_t n = 0, i;

    (void)state;
    for (i = 0; i < N_PIECES; i++)
        pieces[i] = (struct iovec){(char *)(uintptr_t) "0123456789", 10};
    assert_true(reach_host(&to, "localhost", peer, &tls));
    assert_int_equal(amqpext__stream_write(to.stream, pieces, N_PIECES, &n, &to.error),
                     STREAM_MOVED);
    assert_int_equal(n, sizeof(back));
    /* The peer sends back record by record, so that one read of one record gives all. */
    assert_int_equal(reach_read(&to, back, 1), STREAM_MOVED);
    assert_true(amqpext__stream_has_buffered(to.stream));
    assert_int_equal(amqpext__stream_read(to.stream, back + 1, sizeof(back), &n, &to.error),
                     STREAM_MOVED);
    assert_int_equal(n, sizeof(back) - 1);
    assert_false(amqpext__stream_has_buffered(to.stream));
    reach_end(&to);
    peer_stop(peer);
}

static void send_and_close(struct peer *peer, void *data)
{
    (void)data;
    peer_write(peer, "goodbye", 7);
}

static void what_was_sent_before_the_end_is_read_before_the_end(void **state)
{
    struct amqpext_tls_options tls = trusting();
    struct peer *peer = peer_start(
        &(struct peer_options){.certificate = certificate("server.pem"), .serve = send_and_close});
    struct reach to;
    size_t total;

    (void)state;
    assert_true(reach_host(&to, "localhost", peer, &tls));
    assert_int_equal(reach_drain(&to, &total), STREAM_END);
    assert_int_equal(total, 7);
    reach_end(&to);
    peer_stop(peer);
}

static void hear_farewell(struct peer *peer, void *data)
{
    char byte;

    (void)data;
    (void)peer_read_some(peer, &byte, 1);
    peer_wait(peer);
}

static void a_stream_that_is_freed_says_goodbye(void **state)
{
    struct amqpext_tls_options tls = trusting();
    struct peer *peer = peer_start(
        &(struct peer_options){.certificate = certificate("server.pem"), .serve = hear_farewell});
    unsigned i;
    struct reach to;

    (void)state;
    assert_true(reach_host(&to, "localhost", peer, &tls));
    reach_end(&to);
    for (i = 0; i < 2000 && !peer_saw_farewell(peer); i++)
        usleep(10000);
    assert_true(peer_saw_farewell(peer));
    peer_stop(peer);
}

static void break_record(struct peer *peer, void *data)
{
    (void)data;
    /* A record of application data that nobody has encrypted. */
    (void)send(peer_fd(peer), "\27\3\3\0\30not what it should be...", 29, MSG_NOSIGNAL);
    peer_wait(peer);
}

static void a_record_that_was_tampered_with_ends_the_stream(void **state)
{
    struct amqpext_tls_options tls = trusting();
    struct peer *peer = peer_start(
        &(struct peer_options){.certificate = certificate("server.pem"), .serve = break_record});
    struct reach to;
    char buffer[16];
    size_t n = 0;

    (void)state;
    assert_true(reach_host(&to, "localhost", peer, &tls));
    assert_int_equal(reach_read(&to, buffer, sizeof(buffer)), STREAM_FAILED);
    assert_int_equal(to.error.status, AMQPEXT_ECONNECTION);
    /* It stays so, for both directions, and nothing is asked for any more. */
    assert_int_equal(amqpext__stream_write(to.stream, &(struct iovec){buffer, 4}, 1, &n, NULL),
                     STREAM_WAIT);
    assert_false(amqpext__stream_has_unsent(to.stream));
    assert_int_equal(amqpext__stream_read(to.stream, buffer, 4, &n, NULL), STREAM_FAILED);
    reach_end(&to);
    peer_stop(peer);
}

static void try_with_little_memory(void *context)
{
    struct amqpext_tls_options tls = trusting();
    struct reach to;
    bool is_reached;

    tls.cert_file = certificate("client_both.pem");
    is_reached = reach_host(&to, "127.0.0.1", context, &tls);
    if (oom_stop())
        assert_true(is_reached || to.error.status == AMQPEXT_ENOMEM);
    else
        assert_true(is_reached);
    reach_end(&to);
}

static void running_out_of_memory_is_survived(void **state)
{
    struct peer *peer = tls_peer("server.pem");

    (void)state;
    assert_true(oom_for_every_allocation(try_with_little_memory, peer) >= 5);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_of_a_trusted_authority_is_accepted_by_name_and_address),
        cmocka_unit_test(a_folder_of_authorities_serves_as_well_as_a_file),
        cmocka_unit_test(the_system_does_not_trust_the_authority_of_tests),
        cmocka_unit_test(certificates_that_must_not_be_accepted_are_refused_with_the_reason),
        cmocka_unit_test(another_name_can_be_verified_than_the_one_that_is_dialled),
        cmocka_unit_test(the_name_is_sent_and_an_address_is_not),
        cmocka_unit_test(verification_is_given_up_only_as_far_as_it_is_said),
        cmocka_unit_test(old_versions_are_refused_and_tls_1_2_is_accepted),
        cmocka_unit_test(a_client_shows_its_certificate),
        cmocka_unit_test(a_client_that_is_not_accepted_is_told_so_with_either_version),
        cmocka_unit_test(files_that_cannot_be_used_are_named_before_anybody_is_dialled),
        cmocka_unit_test(a_wrong_or_missing_password_fails_without_asking_anybody),
        cmocka_unit_test(a_port_without_tls_is_recognised),
        cmocka_unit_test(a_peer_that_is_silent_in_the_handshake_meets_the_deadline),
        cmocka_unit_test(
            a_connection_that_is_cut_anywhere_in_the_handshake_is_no_matter_of_certificates),
        cmocka_unit_test(bytes_in_pieces_of_any_size_arrive_as_they_were),
        cmocka_unit_test(a_peer_that_does_not_read_makes_writing_wait_and_nothing_is_lost),
        cmocka_unit_test(small_pieces_share_a_record),
        cmocka_unit_test(what_was_sent_before_the_end_is_read_before_the_end),
        cmocka_unit_test(a_stream_that_is_freed_says_goodbye),
        cmocka_unit_test(a_record_that_was_tampered_with_ends_the_stream),
        cmocka_unit_test(running_out_of_memory_is_survived),
    };

    return cmocka_run_group_tests(tests, certificates_make, certificates_remove);
}
