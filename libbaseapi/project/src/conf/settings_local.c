/*
 * What this machine does differently. Keep it out of version control when it holds a password.
 */
#include "conf/settings.h"

void settings_override(struct settings *settings)
{
    (void)settings;
    /* settings->database_url = "postgresql://user:password@localhost/service"; */
}
