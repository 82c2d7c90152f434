/* Where modules were installed: the folder that is searched unless the program names another. */
#ifndef PROMON_SRC_MODULE_FOLDER_H
#define PROMON_SRC_MODULE_FOLDER_H

/* An absolute path without '/' at its end, valid for ever. */
const char *promon__module_folder(void);

#endif
