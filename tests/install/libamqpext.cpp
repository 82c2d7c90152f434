// A C++ program outside of the tree: it knows libamqpext by its installed headers and pkg-config only.
#include <amqpext/amqpext.h>
#include <amqpext/testing.h>

#include <iostream>
#include <memory>
#include <string>

int main()
{
    const std::string version = amqpext_version();
    amqpext_consumer_options options = AMQPEXT_CONSUMER_OPTIONS_INIT;
    amqpext_consumer *consumer = nullptr;

    options.queue = "queue";
    options.process_request = [](void *, amqpext_delivery *) { return AMQPEXT_ACK; };
    if (amqpext_consumer_new(&options, &consumer, nullptr) != AMQPEXT_OK)
        return 1;
    std::unique_ptr<amqpext_consumer, decltype(&amqpext_consumer_free)> owner(
        consumer, amqpext_consumer_free);
    std::cout << version << '\n';
    return version == AMQPEXT_VERSION ? 0 : 1;
}
