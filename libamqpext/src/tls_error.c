/*
 * Errors of OpenSSL as ours: what a person has to mend (certificates, protocol versions) is
 * AMQPEXT_ETLS, what passes by itself AMQPEXT_ECONNECTION.
 */
#include "tls_openssl.h"

#include <string.h>

#include <openssl/x509_vfy.h>

#include "error.h"

/* The number of an alert is the reason less this. */
#define ALERT_REASON 1000

static bool is_out_of_memory(unsigned long code)
{
    return ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
}

/* The first in the queue is the cause, except that a reader of PEM files has tried several ways. */
static unsigned long take_cause(void)
{
    const unsigned long code = ERR_get_error();

    ERR_clear_error();
    return code;
}

static const char *reason(unsigned long code)
{
    const char *text;

    if (code == 0)
        return "unknown reason";
    if (ERR_SYSTEM_ERROR(code))
        return NULL;
    text = ERR_reason_error_string(code);
    return text == NULL ? "unknown reason" : text;
}

enum amqpext_status amqpext__tls_fail(struct amqpext_error *error, enum amqpext_status status,
                                      const char *what)
{
    const unsigned long code = take_cause();
    const char *why = reason(code);

    if (is_out_of_memory(code))
        return amqpext__fail_memory(error);
    if (why == NULL)
        return amqpext__fail_errno(error, status, (int)ERR_GET_REASON(code), what);
    return amqpext__fail(error, status, "%s: %s", what, why);
}

/* The peer is in trouble itself, or goes; with another one or later it may work. */
static bool is_passing_alert(int alert)
{
    return alert == SSL_AD_INTERNAL_ERROR || alert == SSL_AD_USER_CANCELLED ||
           alert == SSL_AD_CLOSE_NOTIFY;
}

static enum amqpext_status fail_alert(struct amqpext_error *error, int alert)
{
    enum amqpext_status status = is_passing_alert(alert) ? AMQPEXT_ECONNECTION : AMQPEXT_ETLS;

    if (alert == TLS13_AD_CERTIFICATE_REQUIRED)
        return amqpext__fail(error, status, "the broker wants a certificate of the client");
    return amqpext__fail(error, status, "the broker refused: %s",
                         SSL_alert_desc_string_long(alert));
}

/* Reasons of our own side that somebody has to mend. */
static bool is_about_configuration(int why)
{
    return why == SSL_R_UNSUPPORTED_PROTOCOL || why == SSL_R_NO_PROTOCOLS_AVAILABLE ||
           why == SSL_R_EE_KEY_TOO_SMALL || why == SSL_R_CA_KEY_TOO_SMALL ||
           why == SSL_R_CA_MD_TOO_WEAK || why == SSL_R_DH_KEY_TOO_SMALL ||
           why == SSL_R_NO_SHARED_CIPHER || why == SSL_R_WRONG_CERTIFICATE_TYPE;
}

enum amqpext_status amqpext__tls_fail_session(struct amqpext_error *error, SSL *ssl)
{
    const long verified = SSL_get_verify_result(ssl);
    const unsigned long code = take_cause();
    const int why = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;

    if (is_out_of_memory(code))
        return amqpext__fail_memory(error);
    if (why == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return amqpext__fail(error, AMQPEXT_ETLS, "certificate verify failed: %s",
                             X509_verify_cert_error_string(verified));
    if (why >= ALERT_REASON)
        return fail_alert(error, why - ALERT_REASON);
    if (why == SSL_R_WRONG_VERSION_NUMBER)
        return amqpext__fail(error, AMQPEXT_ETLS, "the broker does not speak TLS on this port");
    return amqpext__fail(error, is_about_configuration(why) ? AMQPEXT_ETLS : AMQPEXT_ECONNECTION,
                         "%s", reason(code) == NULL ? "unknown reason" : reason(code));
}
