/*
 * The ledger against a model of it and of a broker: whatever happens in whatever order, each
 * message has exactly one outcome, the right one, and what is sent is whole, in order and tagged as
 * the broker counts.
 */
#include "test.h"

#include "support/published.h"

#include "clock.h"
#include "error.h"
#include "ledger.h"
#include "link.h"
#include "protocol/send.h"

enum { MESSAGES_MAX = 4000, BODY_MAX = 40000, STREAM_MAX = 64 * 1024 * 1024 };

/* What the test knows of a message. */
struct known {
    bool is_added, is_mandatory, is_returned;
    int result; /* 0: undecided */
    int told; /* outcomes that came */
    int told_result;
    uint64_t deadline_us;
    uint64_t tag; /* received under, in this epoch; 0: not */
    bool is_answered; /* the broker has confirmed that tag */
    size_t body_size;
    char id[256];
};

struct world {
    struct ledger ledger;
    struct dice dice;
    struct known *known;
    size_t n;
    uint64_t now_us;
    uint32_t frame_max;
    bool is_open;
    /* The broker. */
    char *stream;
    size_t received, consumed;
    size_t *by_tag; /* index of the message of each tag */
    uint64_t last_tag, last_index;
    unsigned max_unconfirmed;
};

static char body[BODY_MAX];

static void told(void *data, const struct amqpext_outcome *outcome)
{
    (void)data;
    (void)outcome;
}

static struct world *new_world(uint64_t seed, const struct ledger_limits *limits)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->dice = dice_of(seed);
    world->known = calloc(MESSAGES_MAX, sizeof(struct known));
    world->stream = malloc(STREAM_MAX);
    world->by_tag = calloc(MESSAGES_MAX + 1, sizeof(size_t));
    assert_true(world->known != NULL && world->stream != NULL && world->by_tag != NULL);
    world->now_us = 1000000;
    world->frame_max = 131072;
    world->max_unconfirmed = limits->max_unconfirmed;
    amqpext__ledger_init(&world->ledger, limits, world->frame_max);
    return world;
}

static void free_world(struct world *world)
{
    amqpext__ledger_free(&world->ledger);
    free(world->known);
    free(world->stream);
    free(world->by_tag);
    free(world);
}

static uint64_t thrown(struct world *world, uint64_t sides)
{
    return dice_throw(&world->dice, sides);
}

/* Adds a framed message; its body begins with its index. */
static void add_framed(struct world *world, size_t index, uint32_t frame_max)
{
    struct known *known = &world->known[index];
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish publish = {"exchange",  "key", known->is_mandatory,
                                    &properties, body,  known->body_size};
    struct new_message message = {.id = known->id,
                                  .frame_max = frame_max,
                                  .is_mandatory = known->is_mandatory,
                                  .published_us = world->now_us,
                                  .deadline_us = known->deadline_us,
                                  .done = told,
                                  .data = known};
    char frames[SHARED_SIZE_MAX];
    bool is_first;
    size_t size;

    memcpy(body, &index, sizeof(index));
    properties.message_id = known->id;
    size = amqpext__publish_size(&publish, frame_max);
    if (size > sizeof(frames))
        message.block = amqpext__block_new(size);
    message.frames = (struct bytes){message.block != NULL ? message.block->data : frames, size};
    assert_int_equal(amqpext__publish_write((char *)(uintptr_t)message.frames.data, size,
                                            LINK_CHANNEL, &publish, frame_max),
                     size);
    assert_int_equal(amqpext__ledger_add(&world->ledger, &message, &is_first, NULL), AMQPEXT_OK);
    known->is_added = true;
}

static void make_id(struct world *world, struct known *known, size_t index)
{
    const size_t padding = thrown(world, 10) == 0 ? 100 + thrown(world, 120) : 0;

    snprintf(known->id, sizeof(known->id), "message %zu", index);
    if (padding != 0) {
        const size_t size = strlen(known->id);

        memset(known->id + size, '.', padding);
        known->id[size + padding] = '\0';
    }
}

static void add(struct world *world)
{
    const size_t index = world->n;
    struct known *known = &world->known[index];
    const uint64_t kind = thrown(world, 20);

    if (index == MESSAGES_MAX)
        return;
    world->n++;
    known->body_size = sizeof(size_t) + thrown(world, kind == 0 ? BODY_MAX - 100 : 600);
    known->is_mandatory = thrown(world, 4) == 0;
    known->deadline_us =
        thrown(world, 5) == 0 ? world->now_us + 1000 + thrown(world, 300000) : NEVER;
    make_id(world, known, index);
    /* A publisher may not know yet what the broker takes by now. */
    add_framed(world, index, thrown(world, 10) == 0 ? 131072 : world->frame_max);
}

static struct known *known_of(struct world *world, const struct entry *entry)
{
    struct known *known = entry->data;

    assert_true(known >= world->known && known < world->known + world->n);
    return known;
}

/* Takes what was decided and compares it with what the model expects. */
static void take_and_compare(struct world *world)
{
    struct entry *entry = amqpext__ledger_take_decided(&world->ledger, SIZE_MAX);

    while (entry != NULL) {
        struct entry *next = entry->next;
        struct known *known = known_of(world, entry);

        known->told++;
        known->told_result = entry->result;
        assert_int_equal(known->told, 1);
        assert_int_equal(known->told_result, known->result);
        assert_string_equal(amqpext__entry_id(entry), known->id);
        amqpext__ledger_release(&world->ledger, entry);
        entry = next;
    }
}

static void check_all(struct world *world)
{
    size_t undecided = 0;
    size_t i;

    for (i = 0; i < world->n; i++) {
        assert_int_equal(world->known[i].told, world->known[i].result != 0);
        undecided += world->known[i].result == 0;
    }
    assert_int_equal(world->ledger.n_undecided, undecided);
    assert_int_equal(world->ledger.n_untold, 0);
}

/* The broker looks at what has come in. */
static void receive(struct world *world)
{
    struct published message;

    while (published_read(
        (struct bytes){world->stream + world->consumed, world->received - world->consumed},
        &message)) {
        struct known *known;
        size_t index;

        memcpy(&index, message.body, sizeof(index));
        assert_true(index < world->n);
        known = &world->known[index];
        assert_string_equal(message.id, known->id);
        assert_int_equal(message.body_size, known->body_size);
        assert_int_equal(message.is_mandatory, known->is_mandatory);
        assert_true(message.largest_frame <= world->frame_max);
        assert_int_equal(known->tag, 0);
        assert_true(world->last_tag == 0 || index > world->last_index);
        world->last_index = index;
        known->tag = ++world->last_tag;
        world->by_tag[known->tag] = index;
        world->consumed += message.size;
    }
}

/* Bytes that are missing to the end of the message that the stream ends in. */
static size_t missing_of(const struct world *world, const struct iovec *pieces, unsigned n,
                         size_t sent)
{
    static char rest[2 * BODY_MAX];
    struct published message;
    size_t size = world->received - world->consumed;
    unsigned i;

    if (size == 0)
        return 0;
    /* The message under way: what the broker has of it, and what was to follow. */
    memcpy(rest, world->stream + world->consumed, size);
    for (i = 0; i < n && size < sizeof(rest); i++) {
        const size_t skipped = sent < pieces[i].iov_len ? sent : pieces[i].iov_len;
        const size_t left = pieces[i].iov_len - skipped;
        const size_t room = sizeof(rest) - size;
        const size_t copied = left < room ? left : room;

        memcpy(rest + size, (const char *)pieces[i].iov_base + skipped, copied);
        size += copied;
        sent -= skipped;
    }
    assert_true(published_read((struct bytes){rest, size}, &message));
    return message.size - (world->received - world->consumed);
}

static void send_some(struct world *world)
{
    struct iovec pieces[RUNS_MAX];
    size_t total = 0;
    size_t sent, missing;
    unsigned i, n;

    if (!world->is_open)
        return;
    n = amqpext__ledger_gather(&world->ledger, pieces, 1 + (unsigned)thrown(world, RUNS_MAX));
    for (i = 0; i < n; i++)
        total += pieces[i].iov_len;
    if (total == 0)
        return;
    sent = thrown(world, 3) == 0 ? total : 1 + thrown(world, total);
    if (world->received + sent > STREAM_MAX)
        return;
    for (i = 0, total = sent; total != 0; i++) {
        const size_t taken = total < pieces[i].iov_len ? total : pieces[i].iov_len;

        memcpy(world->stream + world->received, pieces[i].iov_base, taken);
        world->received += taken;
        total -= taken;
    }
    receive(world);
    missing = missing_of(world, pieces, n, sent);
    assert_int_equal(amqpext__ledger_sent(&world->ledger, sent), missing);
    assert_true(world->max_unconfirmed == 0 || world->ledger.n_sent <= world->max_unconfirmed);
}

static void expect(struct known *known, int result)
{
    if (known->result == 0)
        known->result =
            known->is_returned && (result == AMQPEXT_CONFIRMED || result == AMQPEXT_REFUSED)
                ? AMQPEXT_RETURNED
                : result;
}

static void confirm(struct world *world)
{
    const bool is_nack = thrown(world, 5) == 0;
    const bool is_multiple = thrown(world, 3) == 0;
    const int result = is_nack ? AMQPEXT_REFUSED : AMQPEXT_CONFIRMED;
    const uint64_t tag = 1 + thrown(world, world->last_tag + 1);
    uint64_t each;

    if (!world->is_open || tag > world->last_tag)
        return;
    for (each = is_multiple ? 1 : tag; each <= tag; each++) {
        struct known *known = &world->known[world->by_tag[each]];

        if (!known->is_answered)
            expect(known, result);
        known->is_answered = true;
    }
    assert_true(amqpext__ledger_confirm(&world->ledger, tag, is_multiple, is_nack, world->now_us));
}

static void give_back(struct world *world)
{
    struct known *known;

    if (!world->is_open || world->last_tag == 0)
        return;
    known = &world->known[world->by_tag[1 + thrown(world, world->last_tag)]];
    if (!known->is_mandatory || known->is_answered || known->is_returned)
        return;
    if (known->result == 0)
        known->is_returned = true;
    amqpext__ledger_returned(&world->ledger, known->id, 312, bytes_of("NO_ROUTE"));
}

static void lose(struct world *world)
{
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    size_t i;

    if (!world->is_open)
        return;
    amqpext__fail(&error, AMQPEXT_ECONNECTION, "gone");
    amqpext__ledger_lost(&world->ledger, &error, false, world->now_us);
    world->is_open = false;
    world->received = world->consumed = 0;
    world->last_tag = 0;
    for (i = 0; i < world->n; i++) {
        world->known[i].tag = 0;
        world->known[i].is_answered = false;
        world->known[i].is_returned = false;
    }
}

static void begin(struct world *world)
{
    static const uint32_t sizes[] = {4096, 8192, 131072};

    if (world->is_open)
        return;
    world->frame_max = sizes[thrown(world, 3)];
    assert_int_equal(amqpext__ledger_begin(&world->ledger, world->frame_max, world->now_us, NULL),
                     AMQPEXT_OK);
    world->is_open = true;
}

static void pass_time(struct world *world)
{
    size_t i;

    world->now_us += 1000 + thrown(world, 50000);
    if (world->now_us < amqpext__ledger_due_us(&world->ledger))
        return;
    amqpext__ledger_expire(&world->ledger, world->now_us);
    for (i = 0; i < world->n; i++) {
        if (world->known[i].deadline_us <= world->now_us)
            expect(&world->known[i], AMQPEXT_EXPIRED);
    }
    world->ledger.has_more = false;
}

/* What the program drops is the oldest that was not handed out, or else the oldest. */
static void drop(struct world *world)
{
    const struct ledger *ledger = &world->ledger;
    struct known *known;
    size_t i;

    for (i = 0; i < world->n && world->known[i].result != 0; i++)
        continue;
    if (i == world->n) {
        assert_false(amqpext__ledger_drop_oldest(&world->ledger, world->now_us));
        return;
    }
    known = ledger->unsent != NULL ? ledger->unsent->data : &world->known[i];
    assert_true(amqpext__ledger_drop_oldest(&world->ledger, world->now_us));
    expect(known, AMQPEXT_CANCELLED);
}

static void step(struct world *world)
{
    const uint64_t choice = thrown(world, 1000);

    if (choice < 350)
        add(world);
    else if (choice < 600)
        send_some(world);
    else if (choice < 850)
        confirm(world);
    else if (choice < 900)
        give_back(world);
    else if (choice < 950)
        pass_time(world);
    else if (choice < 960)
        drop(world);
    else if (choice < 970)
        lose(world);
    else
        begin(world);
    take_and_compare(world);
}

static void cancel_rest(struct world *world)
{
    size_t i;

    for (i = 0; i < world->n; i++)
        expect(&world->known[i], AMQPEXT_CANCELLED);
    for (i = 0; i < world->n; i++) {
        if (world->known[i].result == AMQPEXT_RETURNED && world->known[i].told == 0)
            world->known[i].result = AMQPEXT_CANCELLED;
    }
    amqpext__ledger_cancel_all(&world->ledger, world->now_us);
    take_and_compare(world);
}

static void run_world(uint64_t seed, unsigned max_unconfirmed)
{
    const struct ledger_limits limits = {
        .max_messages = MESSAGES_MAX, .max_bytes = STREAM_MAX, .max_unconfirmed = max_unconfirmed};
    struct world *world = new_world(seed, &limits);
    int i;

    for (i = 0; i < 9000; i++) {
        step(world);
        if (i % 50 == 0)
            check_all(world);
    }
    print_message("# %zu published, %llu sends, %llu confirmed, %llu returned, %llu refused, "
                  "%llu expired, %llu cancelled\n",
                  world->n, (unsigned long long)world->ledger.figures.sends,
                  (unsigned long long)world->ledger.figures.confirmed,
                  (unsigned long long)world->ledger.figures.returned,
                  (unsigned long long)world->ledger.figures.refused,
                  (unsigned long long)world->ledger.figures.expired,
                  (unsigned long long)world->ledger.figures.cancelled);
    cancel_rest(world);
    check_all(world);
    assert_int_equal(world->ledger.bytes, 0);
    assert_int_equal(world->ledger.n_sent, 0);
    lose(world);
    assert_int_equal(world->ledger.blocks.live, 0);
    assert_true(world->ledger.blocks.memory <= 2 * (BLOCK_SIZE + sizeof(struct block)));
    free_world(world);
}

static void ledger_tells_each_message_one_right_outcome(void **state)
{
    (void)state;
    run_world(20260101, 0);
    run_world(0, 0);
}

static void ledger_keeps_to_the_window_of_unconfirmed_messages(void **state)
{
    (void)state;
    run_world(20260102, 7);
    run_world(0, 1);
}

static struct world *small_world(size_t n)
{
    const struct ledger_limits limits = {.max_messages = 1000, .max_bytes = STREAM_MAX};
    struct world *world = new_world(1, &limits);

    while (world->n < n) {
        struct known *known = &world->known[world->n];

        known->body_size = sizeof(size_t);
        known->deadline_us = NEVER;
        known->is_mandatory = true;
        snprintf(known->id, sizeof(known->id), "%zu", world->n);
        add_framed(world, world->n++, 131072);
    }
    begin(world);
    world->frame_max = 131072;
    return world;
}

/* Sends everything that may be sent. */
static void send_all(struct world *world)
{
    struct iovec pieces[RUNS_MAX];
    unsigned i, n;

    while ((n = amqpext__ledger_gather(&world->ledger, pieces, RUNS_MAX)) != 0) {
        size_t total = 0;

        for (i = 0; i < n; i++) {
            memcpy(world->stream + world->received, pieces[i].iov_base, pieces[i].iov_len);
            world->received += pieces[i].iov_len;
            total += pieces[i].iov_len;
        }
        receive(world);
        assert_int_equal(amqpext__ledger_sent(&world->ledger, total), 0);
    }
}

static void adjacent_messages_are_sent_as_one_piece(void **state)
{
    struct world *world = small_world(500);
    struct iovec pieces[RUNS_MAX];

    (void)state;
    assert_int_equal(amqpext__ledger_gather(&world->ledger, pieces, RUNS_MAX), 1);
    assert_int_equal(pieces[0].iov_len, world->ledger.bytes);
    free_world(world);
}

static void tags_skip_messages_that_were_not_sent(void **state)
{
    struct world *world = small_world(5);

    (void)state;
    assert_true(amqpext__ledger_drop_oldest(&world->ledger, world->now_us));
    assert_true(amqpext__ledger_drop_oldest(&world->ledger, world->now_us));
    send_all(world);
    assert_int_equal(world->last_tag, 3);
    assert_true(amqpext__ledger_confirm(&world->ledger, 1, false, false, world->now_us));
    assert_int_equal(world->ledger.n_undecided, 2);
    assert_int_equal(amqpext__ledger_oldest(&world->ledger), 4);
    free_world(world);
}

static void tags_that_were_never_used_are_refused(void **state)
{
    struct world *world = small_world(3);

    (void)state;
    assert_false(amqpext__ledger_confirm(&world->ledger, 1, false, false, world->now_us));
    send_all(world);
    assert_false(amqpext__ledger_confirm(&world->ledger, 4, false, false, world->now_us));
    assert_false(amqpext__ledger_confirm(&world->ledger, 4, true, false, world->now_us));
    assert_false(amqpext__ledger_confirm(&world->ledger, 0, false, false, world->now_us));
    assert_int_equal(world->ledger.n_undecided, 3);
    /* Zero with `multiple` means everything. */
    assert_true(amqpext__ledger_confirm(&world->ledger, 0, true, false, world->now_us));
    assert_int_equal(world->ledger.n_undecided, 0);
    free_world(world);
}

static void a_message_that_expired_under_way_keeps_its_tag(void **state)
{
    struct world *world = small_world(3);

    (void)state;
    world->ledger.first->next->deadline_us = world->now_us + 5;
    world->ledger.min_deadline_us = world->now_us + 5;
    send_all(world);
    world->now_us += 10;
    amqpext__ledger_expire(&world->ledger, world->now_us);
    assert_int_equal(world->ledger.figures.expired, 1);
    assert_true(amqpext__ledger_confirm(&world->ledger, 2, false, false, world->now_us));
    assert_int_equal(world->ledger.figures.confirmed, 0);
    assert_true(amqpext__ledger_confirm(&world->ledger, 3, false, false, world->now_us));
    assert_int_equal(world->ledger.figures.confirmed, 1);
    assert_int_equal(amqpext__ledger_oldest(&world->ledger), 1);
    free_world(world);
}

static void of_equal_ids_the_first_that_was_not_returned_is_meant(void **state)
{
    struct world *world = small_world(4);
    struct entry *entry;

    (void)state;
    for (entry = world->ledger.first; entry != NULL; entry = entry->next)
        memcpy(entry->id, "same", 5);
    send_all(world);
    amqpext__ledger_returned(&world->ledger, "same", 312, bytes_of("NO_ROUTE"));
    amqpext__ledger_returned(&world->ledger, "other", 312, bytes_of("NO_ROUTE"));
    amqpext__ledger_returned(&world->ledger, "same", 313, bytes_of(""));
    assert_true(world->ledger.first->is_returned);
    assert_string_equal(world->ledger.first->reply_text, "NO_ROUTE");
    assert_true(world->ledger.first->next->is_returned);
    assert_false(world->ledger.first->next->next->is_returned);
    assert_true(amqpext__ledger_confirm(&world->ledger, 4, true, false, world->now_us));
    assert_int_equal(world->ledger.figures.returned, 2);
    assert_int_equal(world->ledger.figures.confirmed, 2);
    free_world(world);
}

static void set_id(struct entry *entry, const char *id)
{
    memcpy(entry->id, id, strlen(id) + 1);
}

static void a_return_does_not_mean_one_that_was_returned_or_cannot_be(void **state)
{
    struct world *world = small_world(3);
    struct entry *entry = world->ledger.first;

    (void)state;
    set_id(entry, "same");
    set_id(entry->next, "same");
    entry->next->is_mandatory = false;
    set_id(entry->next->next, "same");
    send_all(world);
    amqpext__ledger_returned(&world->ledger, "same", 312, bytes_of("NO_ROUTE"));
    assert_true(entry->is_returned);
    /* Those where the search would go on are gone: it begins again at the first. */
    assert_true(amqpext__ledger_confirm(&world->ledger, 3, false, false, world->now_us));
    amqpext__ledger_returned(&world->ledger, "same", 312, bytes_of("NO_ROUTE"));
    assert_false(entry->next->is_returned);
    set_id(entry->next, "other");
    entry->next->is_mandatory = true;
    amqpext__ledger_returned(&world->ledger, "other", 313, bytes_of("NO_CONSUMERS"));
    set_id(entry->next, "same");
    entry->next->is_returned = false;
    amqpext__ledger_returned(&world->ledger, "same", 313, bytes_of("NO_CONSUMERS"));
    assert_int_equal(entry->reply_code, 312);
    assert_true(entry->next->is_returned);
    free_world(world);
}

static void memory_stays_in_bounds_when_one_in_a_thousand_is_not_confirmed(void **state)
{
    const struct ledger_limits limits = {.max_messages = MESSAGES_MAX, .max_bytes = STREAM_MAX};
    struct world *world = new_world(1, &limits);
    size_t most = 0;

    (void)state;
    begin(world);
    world->frame_max = 131072;
    while (world->n < 3500) {
        struct known *known = &world->known[world->n];

        known->body_size = 3000;
        known->deadline_us = NEVER;
        snprintf(known->id, sizeof(known->id), "%zu", world->n);
        add_framed(world, world->n++, 131072);
        send_all(world);
        world->received = world->consumed = 0;
        if (world->n % 100 != 0) {
            known->result = AMQPEXT_CONFIRMED;
            amqpext__ledger_confirm(&world->ledger, world->last_tag, false, false, 1);
        }
        take_and_compare(world);
        if (world->ledger.blocks.memory > most)
            most = world->ledger.blocks.memory;
    }
    assert_int_equal(world->ledger.n_undecided, 35);
    assert_true(most <= 2 * 35 * 3200 + 2 * 1024 * 1024);
    take_and_compare(world);
    free_world(world);
}

static void attempt_everything(void *context)
{
    const struct ledger_limits limits = {.max_messages = 100, .max_bytes = 1 << 20};
    struct amqpext_properties properties = AMQPEXT_PROPERTIES_INIT;
    const struct publish publish = {"", "key", true, &properties, body, 20000};
    struct new_message message = {
        .id = "a very long id, longer than those that the library makes itself",
        .frame_max = 131072,
        .is_mandatory = true,
        .deadline_us = NEVER,
        .done = told};
    struct ledger ledger;
    struct iovec pieces[RUNS_MAX];
    char small[200];
    bool is_first;

    (void)context;
    amqpext__ledger_init(&ledger, &limits, 4096);
    message.frames = (struct bytes){small, 200};
    memset(small, 0, sizeof(small));
    small[0] = 1;
    small[6] = (char)(200 - 8);
    if (amqpext__ledger_add(&ledger, &message, &is_first, NULL) != AMQPEXT_OK)
        assert_int_equal(ledger.n_undecided, 0);
    message.block = amqpext__block_new(amqpext__publish_size(&publish, 131072));
    if (message.block != NULL) {
        (void)amqpext__publish_write(message.block->data, message.block->capacity, LINK_CHANNEL,
                                     &publish, 131072);
        if (amqpext__ledger_add(&ledger, &message, &is_first, NULL) != AMQPEXT_OK)
            amqpext__block_free(message.block);
    }
    (void)amqpext__ledger_gather(&ledger, pieces, RUNS_MAX);
    amqpext__ledger_returned(&ledger, message.id, 312, bytes_of("NO_ROUTE"));
    if (ledger.last_tag != 0)
        assert_true(amqpext__ledger_confirm(&ledger, 0, true, false, 1));
    assert_int_equal(ledger.n_undecided, 0);
    amqpext__ledger_forget_runs(&ledger);
    while (ledger.decided != NULL)
        amqpext__ledger_release(&ledger, amqpext__ledger_take_decided(&ledger, 1));
    amqpext__ledger_free(&ledger);
}

static void nothing_is_lost_when_memory_runs_out(void **state)
{
    (void)state;
    assert_true(oom_for_every_allocation(attempt_everything, NULL) > 5);
}

static void attempt_smaller_frames(void *context)
{
    struct world *world = context;
    struct amqpext_error error = AMQPEXT_ERROR_INIT;
    const enum amqpext_status status =
        amqpext__ledger_begin(&world->ledger, 4096, world->now_us, &error);
    const bool has_failed = oom_stop();

    if (status != AMQPEXT_OK) {
        assert_int_equal(status, AMQPEXT_ENOMEM);
        assert_true(has_failed);
        return;
    }
    world->frame_max = 4096;
    send_all(world);
    assert_int_equal(world->last_tag, 3);
    amqpext__ledger_confirm(&world->ledger, 0, true, false, 1);
    take_and_compare(world);
}

static void messages_are_framed_anew_for_a_smaller_frame_max(void **state)
{
    const struct ledger_limits limits = {.max_messages = 100, .max_bytes = STREAM_MAX};
    struct world *world = new_world(1, &limits);

    (void)state;
    while (world->n < 3) {
        struct known *known = &world->known[world->n];

        known->body_size = 30000;
        known->deadline_us = NEVER;
        known->result = AMQPEXT_CONFIRMED;
        snprintf(known->id, sizeof(known->id), "%zu", world->n);
        add_framed(world, world->n++, 131072);
    }
    /* Each failure leaves all of them to the next epoch. */
    oom_for_every_allocation(attempt_smaller_frames, world);
    assert_int_equal(world->ledger.figures.confirmed, 3);
    free_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledger_tells_each_message_one_right_outcome),
        cmocka_unit_test(ledger_keeps_to_the_window_of_unconfirmed_messages),
        cmocka_unit_test(adjacent_messages_are_sent_as_one_piece),
        cmocka_unit_test(tags_skip_messages_that_were_not_sent),
        cmocka_unit_test(tags_that_were_never_used_are_refused),
        cmocka_unit_test(a_message_that_expired_under_way_keeps_its_tag),
        cmocka_unit_test(of_equal_ids_the_first_that_was_not_returned_is_meant),
        cmocka_unit_test(a_return_does_not_mean_one_that_was_returned_or_cannot_be),
        cmocka_unit_test(memory_stays_in_bounds_when_one_in_a_thousand_is_not_confirmed),
        cmocka_unit_test(nothing_is_lost_when_memory_runs_out),
        cmocka_unit_test(messages_are_framed_anew_for_a_smaller_frame_max),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
