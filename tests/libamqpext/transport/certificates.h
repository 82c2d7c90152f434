/*
 * Certificates for tests, made in a folder of their own when a group of tests begins.
 *
 *     ca.pem, other_ca.pem     two authorities
 *     server.pem               certificate and key for localhost, 127.0.0.1 and ::1, by ca.pem
 *     stranger.pem             the same for broker.example only
 *     expired.pem              the same as server.pem, but yesterday
 *     self.pem                 signed by itself
 *     client.pem, client.key   by ca.pem; client_both.pem has both
 *     locked.key, locked_old.key   the key of client.pem under CERTIFICATES_PASSWORD (PKCS 8, and
 *                              in the format of old)
 *     folder/                  ca.pem under the name of its hash
 *     empty.pem                nothing
 */
#ifndef TESTS_TRANSPORT_CERTIFICATES_H
#define TESTS_TRANSPORT_CERTIFICATES_H

#define CERTIFICATES_PASSWORD "open, S3same"

int certificates_make(void **state); /* setup of a group */
int certificates_remove(void **state); /* its teardown */

/* The path of one; up to 16 are valid at a time. One thread. */
const char *certificate(const char *name);

#endif
