/*
 * The folder of modules. The Makefile compiles MODULE_FOLDER in, from MODULEDIR; nothing else knows
 * where the library is installed.
 */
#include "module_folder.h"

const char *promon__module_folder(void)
{
    return MODULE_FOLDER;
}
