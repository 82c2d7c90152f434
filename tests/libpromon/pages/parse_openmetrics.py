"""Reads a page of OpenMetrics 1.0 with the Prometheus client of Python; tells what is in it."""
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

for family in text_string_to_metric_families(sys.stdin.buffer.read().decode()):
    print('%s %s %s %d' % (family.name, family.type, family.unit or '-', len(family.samples)))
    for sample in family.samples:
        if sample.exemplar:
            print('  %s %r %r %r' % (sample.name, sample.exemplar.labels, sample.exemplar.value,
                                     float(sample.exemplar.timestamp)))
