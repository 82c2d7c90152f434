/*
 * Certificate: OpenSSL's verification in a callback of our own, which looks at the chain before it
 * says whether the handshake goes on.
 */
#include "certificate.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <time.h>

static int64_t end_of(const X509 *one)
{
    struct tm parts;

    if (one == NULL || ASN1_TIME_to_tm(X509_get0_notAfter(one), &parts) != 1)
        return 0;
    return (int64_t)timegm(&parts);
}

static void take_ends(struct promon__certificate *certificate, const X509 *own,
                      const STACK_OF(X509) * sent)
{
    int i;

    certificate->not_after_s = end_of(own);
    certificate->chain_not_after_s = certificate->not_after_s;
    for (i = 0; i < sk_X509_num(sent); i++) {
        const int64_t end_s = end_of(sk_X509_value(sent, i));

        if (end_s < certificate->chain_not_after_s)
            certificate->chain_not_after_s = end_s;
    }
    certificate->is_seen = true;
}

static void take_subject(struct promon__certificate *certificate, const X509 *one)
{
    certificate->subject[0] = '\0';
    if (one != NULL)
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(one), NID_commonName,
                                        certificate->subject, sizeof(certificate->subject));
}

static bool is_of(X509 *own, const char *host)
{
    return host == NULL || X509_check_ip_asc(own, host, 0) == 1 ||
           X509_check_host(own, host, 0, 0, NULL) == 1;
}

/* Called by OpenSSL instead of its own verification; 1: the handshake goes on. */
static int verify(X509_STORE_CTX *store, void *data)
{
    struct promon__certificate *certificate = data;
    X509 *own = X509_STORE_CTX_get0_cert(store);

    take_ends(certificate, own, X509_STORE_CTX_get0_untrusted(store));
    certificate->failure = X509_V_OK;
    if (X509_verify_cert(store) != 1) {
        certificate->failure = X509_STORE_CTX_get_error(store);
        take_subject(certificate, X509_STORE_CTX_get_current_cert(store));
    } else {
        if (!is_of(own, certificate->host))
            certificate->failure = X509_V_ERR_HOSTNAME_MISMATCH;
        take_subject(certificate, own);
    }
    certificate->is_trusted = certificate->failure == X509_V_OK;
    X509_STORE_CTX_set_error(store, certificate->is_required ? certificate->failure : X509_V_OK);
    return certificate->is_trusted || !certificate->is_required;
}

void promon__certificate_watch(struct promon__certificate *certificate, SSL_CTX *context)
{
    SSL_CTX_set_cert_verify_callback(context, verify, certificate);
}

void promon__certificate_take(struct promon__certificate *certificate, const SSL *ssl)
{
    X509 *own = SSL_get1_peer_certificate(ssl);

    if (own == NULL)
        return;
    take_ends(certificate, own, SSL_get_peer_cert_chain(ssl));
    certificate->failure = (int)SSL_get_verify_result(ssl);
    if (certificate->failure == X509_V_OK && !is_of(own, certificate->host))
        certificate->failure = X509_V_ERR_HOSTNAME_MISMATCH;
    certificate->is_trusted = certificate->failure == X509_V_OK;
    take_subject(certificate, own);
    X509_free(own);
}

void promon__certificate_judge(struct promon__certificate *certificate, SSL *ssl, X509_STORE *store)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509 *own = SSL_get1_peer_certificate(ssl);

    /* Unless it is found to be trusted below. */
    certificate->is_seen = true;
    certificate->is_trusted = false;
    certificate->not_after_s = certificate->chain_not_after_s = 0;
    certificate->failure = own == NULL ? X509_V_ERR_UNSPECIFIED : X509_V_ERR_OUT_OF_MEM;
    take_subject(certificate, own);
    if (own != NULL && context != NULL &&
        X509_STORE_CTX_init(context, store, own, SSL_get_peer_cert_chain(ssl)) == 1 &&
        X509_STORE_CTX_set_default(context, "ssl_server") == 1)
        (void)verify(context, certificate);
    X509_STORE_CTX_free(context);
    X509_free(own);
}

void promon__certificate_tell(const struct promon__certificate *certificate,
                              const struct promon_host *host, struct promon_result *result)
{
    if (!certificate->is_seen)
        return;
    host->certificate(result, certificate->not_after_s, certificate->chain_not_after_s,
                      certificate->is_trusted);
    host->note(result, "certificate \"%s\": %s", certificate->subject,
               X509_verify_cert_error_string(certificate->failure));
}

bool promon__certificate_is_refused(const struct promon__certificate *certificate)
{
    return certificate->is_seen && certificate->is_required && !certificate->is_trusted;
}

enum promon_reason promon__certificate_reason(const struct promon__certificate *certificate)
{
    return certificate->failure == X509_V_ERR_CERT_HAS_EXPIRED ? PROMON_REASON_TLS_EXPIRED
                                                               : PROMON_REASON_TLS_VERIFY;
}

const char *promon__certificate_failure(const struct promon__certificate *certificate)
{
    return X509_verify_cert_error_string(certificate->failure);
}

enum promon_verdict promon__certificate_fail(const struct promon__certificate *certificate,
                                             const struct promon_host *host,
                                             struct promon_result *result)
{
    return host->fail(result, promon__certificate_reason(certificate), "certificate \"%s\": %s",
                      certificate->subject, promon__certificate_failure(certificate));
}
