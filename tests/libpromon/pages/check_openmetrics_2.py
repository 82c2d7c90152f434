"""Reads a page of OpenMetrics 2.0.0-rc0 by the grammar of its specification, line by line."""
import re
import sys

REAL = r'[+-]?(?:\d+(?:\.\d*)?|\d*\.\d+)(?:[eE][+-]?\d+)?'
NUMBER = r'(?:%s|[+-]?[Ii]nf(?:inity)?|[Nn]a[Nn])' % REAL
NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
ESCAPED = r'(?:[^\n"\\]|\\.)*'
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="%s"' % ESCAPED
LABELS = r'\{(?:%s(?:,%s)*)?\}' % (LABEL, LABEL)
SPANS = r'\[[+-]?\d+:[1-9]\d*(?:,\d+:[1-9]\d*)*\]'
COUNTS = r'\[%s(?:,%s)*\]' % (NUMBER, NUMBER)
NATIVE = (r'schema:[+-]?\d+,zero_threshold:%s,zero_count:%s' % (REAL, NUMBER) +
          r'(?:,negative_spans:(?P<nspans>%s),negative_buckets:(?P<nbuckets>%s))?' % (SPANS, COUNTS) +
          r'(?:,positive_spans:(?P<pspans>%s),positive_buckets:(?P<pbuckets>%s))?' % (SPANS, COUNTS))
CLASSIC = r'bucket:\[(?:%s:%s,)*\+Inf:(?P<all>%s)\]' % (REAL, NUMBER, NUMBER)
HISTOGRAM = r'\{count:(?P<count>%s),sum:%s,(?:%s|%s(?:,%s)?)\}' % (
    NUMBER, NUMBER, CLASSIC, NATIVE, CLASSIC.replace('<all>', '<both>'))
EXEMPLAR = r' # %s %s %s' % (LABELS, NUMBER, REAL)
SAMPLE = re.compile(r'(?P<name>%s)(?P<labels>%s)? (?:%s|%s)(?: st@%s)?(?:%s)*' % (
    NAME, LABELS, NUMBER, HISTOGRAM, REAL, EXEMPLAR))
DESCRIPTION = re.compile(r'# (?:(?P<type>TYPE) (?P<t>%s) (?:counter|gauge|histogram|info|stateset)|UNIT (?P<u>%s) \w*|'
                         r'HELP (?P<h>%s) %s)' % (NAME, NAME, NAME, ESCAPED))


def check_buckets(match):
    for spans, buckets in (('nspans', 'nbuckets'), ('pspans', 'pbuckets')):
        if match[spans]:
            lengths = [int(span.split(':')[1]) for span in match[spans][1:-1].split(',')]
            assert sum(lengths) == len(match[buckets].split(',')), match[0]
    assert match['count'] is None or (match['all'] or match['both'] or match['count']) == match['count'], match[0]


def check(page):
    assert page.endswith('# EOF\n'), 'the page has no end'
    families, series, family = set(), set(), None
    for line in page[:-len('# EOF\n')].splitlines():
        match = (DESCRIPTION if line.startswith('#') else SAMPLE).fullmatch(line)
        assert match, line
        if line.startswith('#'):
            name = match['t'] or match['u'] or match['h']
            assert (name not in families) if match['type'] else name == family, line
            families.add(name)
            family = name
        else:
            assert match['name'] == family, line
            assert (match['name'], match['labels']) not in series, line
            series.add((match['name'], match['labels']))
            check_buckets(match)


check(sys.stdin.buffer.read().decode())
