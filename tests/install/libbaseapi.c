/* A program outside of the tree: it knows libbaseapi by its installed headers and pkg-config only. */
#include <baseapi/baseapi.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    puts(baseapi_version());
    return strcmp(baseapi_version(), BASEAPI_VERSION) != 0;
}
