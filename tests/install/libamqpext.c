/* A program outside of the tree: it knows libamqpext by its installed headers and pkg-config only. */
#include <amqpext/amqpext.h>
#include <stdio.h>
#include <string.h>

static int make_producer(void)
{
    struct amqpext_producer_options options = AMQPEXT_PRODUCER_OPTIONS_INIT;
    struct amqpext_producer *producer;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;

    options.url = "amqps://localhost/";
    options.serializer = "msgpack";
    if (amqpext_producer_new(&options, &producer, &error) != AMQPEXT_OK) {
        puts(error.message);
        return 0;
    }
    amqpext_producer_free(producer);
    return 1;
}

int main(void)
{
    if (!make_producer())
        return 1;
    puts(amqpext_version());
    return strcmp(amqpext_version(), AMQPEXT_VERSION) != 0;
}
