/*
 * Figures: structures of counters that others keep, told as metrics by a table.
 *
 *     static const struct promon_figure figures[] = {
 *         {"pool_connections", "Connections now.", PROMON_GAUGE, offsetof(struct stats, open),
 *          sizeof(unsigned), NULL, NULL, 0},
 *         …};
 *     promon_collect_figures(collection, figures, 12, names, structures, count);
 *
 * For the headers that join libpromon with its siblings, and for collectors of programs that have
 * such structures. Rows of one name follow each other and are one family.
 */
#ifndef PROMON_FIGURE_H
#define PROMON_FIGURE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <promon/collect.h>
#include <promon/export.h>

PROMON_BEGIN_DECLS

/* One number of a structure. */
struct promon_figure {
    const char *name; /* of the family */
    const char *help;
    enum promon_kind kind; /* COUNTER or GAUGE */
    size_t offset; /* where it is in the structure */
    size_t size; /* of an unsigned integer: 4 or 8 */
    const char *label, *value; /* a label of the row, or NULL */
    double scale; /* what one is worth: 1e-6 for microseconds told as seconds; 0 is 1 */
};

/* The number of a row in a structure. Since: 0.1 */
PROMON_INLINE uint64_t promon_figure_read(const struct promon_figure *figure, const void *structure)
{
    const unsigned char *at = (const unsigned char *)structure + figure->offset;
    uint64_t large = 0;
    uint32_t small = 0;

    if (figure->size == sizeof(large)) {
        memcpy(&large, at, sizeof(large));
        return large;
    }
    memcpy(&small, at, sizeof(small));
    return small;
}

/* Begins the family of a row; `is_named` when its samples have the label "name". Since: 0.1 */
PROMON_INLINE void promon_figure_begin(struct promon_collection *collection,
                                       const struct promon_figure *figure, int is_named)
{
    const char *labels[3] = {NULL, NULL, NULL};
    struct promon_collected family = PROMON_COLLECTED_INIT;

    labels[0] = is_named ? "name" : figure->label;
    labels[1] = is_named ? figure->label : NULL;
    family.kind = figure->kind;
    family.name = figure->name;
    family.help = figure->help;
    family.labels = labels;
    promon_collect_family(collection, &family);
}

/* One sample of the family begun last; `name` as in promon_collect_figures. Since: 0.1 */
PROMON_INLINE void promon_figure_tell(struct promon_collection *collection,
                                      const struct promon_figure *figure, const char *name,
                                      const void *structure)
{
    const uint64_t number = promon_figure_read(figure, structure);
    const char *values[3] = {NULL, NULL, NULL};

    values[0] = name != NULL ? name : figure->value;
    values[1] = name != NULL ? figure->value : NULL;
    if (figure->scale == 0)
        promon_collect_unsigned(collection, values, number);
    else
        promon_collect_value(collection, values, (double)number * figure->scale);
}

/*
 * Tells all rows of `n_structures` structures. `names` are the values of the label "name" of each;
 * NULL without such a label, for one structure.
 *
 * Thread:  the collector's.
 * Since:   0.1
 */
PROMON_INLINE void promon_collect_figures(struct promon_collection *collection,
                                          const struct promon_figure *figures, size_t n_figures,
                                          const char *const *names, const void *const *structures,
                                          size_t n_structures)
{
    size_t row, i;

    if (n_structures == 0)
        return;
    for (row = 0; row < n_figures; row++) {
        if (row == 0 || strcmp(figures[row].name, figures[row - 1].name) != 0)
            promon_figure_begin(collection, &figures[row], names != NULL);
        for (i = 0; i < n_structures; i++)
            promon_figure_tell(collection, &figures[row], names == NULL ? NULL : names[i],
                               structures[i]);
    }
}

PROMON_END_DECLS

#endif
