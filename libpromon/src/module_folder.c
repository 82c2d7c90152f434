/*
 * The folder of modules. The Makefile compiles MODULE_FOLDER in, from MODULEDIR; nothing else knows
 * where the library is installed.
 */
#include "module_folder.h"

#include <promon/monitor.h>

const char *promon__module_folder(void)
{
    return MODULE_FOLDER;
}

const char *promon_modules_folder(void)
{
    return promon__module_folder();
}
