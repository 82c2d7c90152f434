/*
 * Names of the code that several libraries of the suite keep as byte-identical private copies.
 *
 * Such a file names each of its external symbols through PRIVATE(), so that the same text gives
 * every library symbols of its own and two copies never meet in one program.
 */
#ifndef PROMON_PRIVATE_H
#define PROMON_PRIVATE_H

#define PRIVATE(name) promon__##name

#endif
