/*
 * Servers that are there and do not answer: sockets that listen and never accept.
 *
 * With a full queue the kernel drops what asks for a connection; without, it connects, and nobody
 * reads what is sent.
 */
#ifndef BENCH_BLACK_HOLE_H
#define BENCH_BLACK_HOLE_H

/* Opens one on a port of its own of 127.0.0.1, which stays until the program ends; its port. */
unsigned black_hole_open(int is_full);

#endif
