/*
 * Certificate: what a server shows in a TLS handshake, judged and remembered even when it is not
 * trusted: that one has expired must not hide when it did. Part of each module whose client is
 * built on OpenSSL.
 *
 * Order: set the upper members; watch a context, or take what a finished handshake has; tell, fail.
 */
#ifndef PROMON_SRC_PROBES_CERTIFICATE_H
#define PROMON_SRC_PROBES_CERTIFICATE_H

#include <openssl/ssl.h>
#include <promon/module.h>
#include <stdbool.h>
#include <stdint.h>

struct promon__certificate {
    const char *host; /* name or address that it must be of; NULL: not compared */
    bool is_required; /* ends the handshake when it is not trusted */

    bool is_seen; /* the members below hold something */
    bool is_trusted; /* by its chain, and of the right name */
    int64_t not_after_s; /* since 1970 */
    int64_t chain_not_after_s; /* the earliest of those that the server sent */
    int failure; /* X509_V_ERR_…, X509_V_OK when it is trusted */
    char subject[128]; /* of what is wrong, else of the server's own */
};

/* Handshakes of `context` are judged by `certificate`, which outlives them. */
void promon__certificate_watch(struct promon__certificate *certificate, SSL_CTX *context);

/*
 * The same of a handshake that is over and was not watched, and whose client verified by its own
 * rules: is_trusted is what that found.
 */
void promon__certificate_take(struct promon__certificate *certificate, const SSL *ssl);

/*
 * The same, judged by the authorities of `store`: for a client that is told to verify nothing, and
 * that can be stopped before it logs in.
 */
void promon__certificate_judge(struct promon__certificate *certificate, SSL *ssl,
                               X509_STORE *store);

/* Tells the result, if one was seen. */
void promon__certificate_tell(const struct promon__certificate *certificate,
                              const struct promon_host *host, struct promon_result *result);

/* Whether it was seen, is required and is not trusted: what promon__certificate_fail is for. */
bool promon__certificate_is_refused(const struct promon__certificate *certificate);

/* What is wrong: PROMON_REASON_TLS_EXPIRED or PROMON_REASON_TLS_VERIFY, and in words. */
enum promon_reason promon__certificate_reason(const struct promon__certificate *certificate);
const char *promon__certificate_failure(const struct promon__certificate *certificate);

/* The verdict with both. */
enum promon_verdict promon__certificate_fail(const struct promon__certificate *certificate,
                                             const struct promon_host *host,
                                             struct promon_result *result);

#endif
