/* A program outside of the tree: it knows libminiorm by its installed headers and pkg-config only. */
#include <miniorm/miniorm.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    puts(miniorm_version());
    return strcmp(miniorm_version(), MINIORM_VERSION) != 0;
}
