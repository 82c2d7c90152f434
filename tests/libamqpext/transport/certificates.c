/*
 * Certificates of tests, on the curve P-256, which is quick.
 */
#include "transport/certificates.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "test.h"

enum { DAY_S = 86400, N_PATHS = 16, PATH_SIZE = 128 };

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

struct wish {
    const char *name;
    const char *extensions; /* subjectAltName, or NULL for an authority */
    const struct identity *issuer; /* NULL: itself */
    long ends_s; /* from now */
};

static char folder[64];
static long serial;

const char *certificate(const char *name)
{
    static char paths[N_PATHS][PATH_SIZE];
    static unsigned next;
    char *path = paths[next++ % N_PATHS];

    snprintf(path, PATH_SIZE, "%s/%s", folder, name);
    return path;
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static struct identity identity_make(const struct wish *wish)
{
    struct identity self = {X509_new(), EVP_EC_gen("P-256")};
    const struct identity *issuer = wish->issuer != NULL ? wish->issuer : &self;
    X509_NAME *name = X509_get_subject_name(self.certificate);

    assert_non_null(self.key);
    X509_set_version(self.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(self.certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(self.certificate), -2 * DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(self.certificate), wish->ends_s);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)wish->name, -1, -1,
                               0);
    X509_set_issuer_name(self.certificate, X509_get_subject_name(issuer->certificate));
    X509_set_pubkey(self.certificate, self.key);
    add_extension(self.certificate, issuer->certificate, NID_basic_constraints,
                  wish->extensions == NULL ? "critical,CA:TRUE" : "CA:FALSE");
    if (wish->extensions != NULL)
        add_extension(self.certificate, issuer->certificate, NID_subject_alt_name,
                      wish->extensions);
    assert_int_not_equal(X509_sign(self.certificate, issuer->key, EVP_sha256()), 0);
    return self;
}

static void identity_free(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

static FILE *open_file(const char *name)
{
    FILE *file = fopen(certificate(name), "we");

    assert_non_null(file);
    return file;
}

static void write_files(const struct identity *identity, const char *certificate_name,
                        const char *key_name)
{
    FILE *file;

    if (certificate_name != NULL) {
        file = open_file(certificate_name);
        assert_int_equal(PEM_write_X509(file, identity->certificate), 1);
        if (key_name != NULL && strcmp(key_name, certificate_name) == 0)
            PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL);
        fclose(file);
    }
    if (key_name == NULL || (certificate_name != NULL && strcmp(key_name, certificate_name) == 0))
        return;
    file = open_file(key_name);
    assert_int_equal(PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

static void write_locked(const struct identity *identity)
{
    char password[] = CERTIFICATES_PASSWORD;
    FILE *file = open_file("locked.key");
    BIO *stream;

    assert_int_equal(PEM_write_PKCS8PrivateKey(file, identity->key, EVP_aes_256_cbc(), password,
                                               (int)strlen(password), NULL, NULL),
                     1);
    fclose(file);
    /* Of this format there is only the one for streams of OpenSSL. */
    stream = BIO_new_file(certificate("locked_old.key"), "we");
    assert_non_null(stream);
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(stream, identity->key, EVP_aes_256_cbc(),
                                                          (unsigned char *)password,
                                                          (int)strlen(password), NULL, NULL),
                     1);
    BIO_free(stream);
}

static void write_folder(const struct identity *authority)
{
    char name[64];

    assert_int_equal(mkdir(certificate("folder"), 0700), 0);
    snprintf(name, sizeof(name), "folder/%08lx.0", X509_subject_name_hash(authority->certificate));
    write_files(authority, name, NULL);
}

static void make_server(const struct identity *issuer, const char *file, const char *names,
                        long ends_s)
{
    struct identity server = identity_make(&(struct wish){file, names, issuer, ends_s});

    write_files(&server, file, file);
    identity_free(&server);
}

int certificates_make(void **state)
{
    const char *here = "DNS:localhost,IP:127.0.0.1,IP:::1";
    struct identity authority, other, client;

    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/amqpext-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    authority = identity_make(&(struct wish){"Authority of tests", NULL, NULL, DAY_S});
    other = identity_make(&(struct wish){"Authority of others", NULL, NULL, DAY_S});
    client = identity_make(&(struct wish){"client", "DNS:client", &authority, DAY_S});
    write_files(&authority, "ca.pem", NULL);
    write_files(&other, "other_ca.pem", NULL);
    write_folder(&authority);
    make_server(&authority, "server.pem", here, DAY_S);
    make_server(&authority, "stranger.pem", "DNS:broker.example", DAY_S);
    make_server(&authority, "expired.pem", here, -DAY_S);
    make_server(NULL, "self.pem", here, DAY_S);
    write_files(&client, "client.pem", "client.key");
    write_files(&client, "client_both.pem", "client_both.pem");
    write_locked(&client);
    fclose(open_file("empty.pem"));
    identity_free(&authority);
    identity_free(&other);
    identity_free(&client);
    return 0;
}

int certificates_remove(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    return system(command);
}
