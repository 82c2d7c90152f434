"""What a browser shows: the texts and shapes of a document that it has drawn, and the colours of a picture."""
import re
import struct
import sys
import zlib
from html.parser import HTMLParser

VOID = {'meta', 'link', 'br', 'img', 'input', 'hr'}


class Document(HTMLParser):
    """A tree of (tag, attributes, children), children being trees and texts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.root = ('', {}, [])
        self.stack = [self.root]
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        node = (tag, dict(attrs), [])
        self.stack[-1][2].append(node)
        if tag not in VOID:
            self.stack.append(node)

    def handle_startendtag(self, tag, attrs):
        self.stack[-1][2].append((tag, dict(attrs), []))

    def handle_endtag(self, tag):
        for i in range(len(self.stack) - 1, 0, -1):
            if self.stack[i][0] == tag:
                del self.stack[i:]
                return

    def handle_data(self, data):
        self.stack[-1][2].append(data)


def walk(node):
    yield node
    for child in node[2]:
        if isinstance(child, tuple):
            yield from walk(child)


def find(node, tag=None, **attributes):
    """All below that have these attributes; `class_` is one word of the class."""
    found = []
    for each in walk(node):
        words = each[1].get('class', '').split()
        if tag in (None, each[0]) and all(
                (value in words) if name == 'class_' else each[1].get(name.replace('_', '-')) == value
                for name, value in attributes.items()):
            found.append(each)
    return found


def words(node):
    if 'hidden' in node[1] or node[0] in ('script', 'style', 'noscript'):
        return ''
    return ' '.join(' '.join(words(child) if isinstance(child, tuple) else child for child in node[2]).split())


def require(condition, what):
    if not condition:
        sys.exit(what)


def card(document, name):
    found = find(document.root, 'li', id='probe-' + name)
    require(len(found) == 1, 'there is no card of ' + name)
    return found[0]


def look_all(document):
    text = words(document.root)
    require(find(document.root, 'title')[0][2] == ['1 down – Shop & <status>'], 'the title is another one')
    require(words(find(document.root, 'strong', id='summary')[0]) == '1 of 4 down', 'headline: ' + text)
    require(words(find(document.root, id='troubled')[0]) == 'Orders', 'what is down is not named')
    require([words(each) for each in find(find(document.root, id='groups')[0], 'button')] == ['All 4', 'ready 2'], 'groups')
    database, queue = card(document, 'shop_database'), card(document, 'shop_queue')
    require(database[1]['data-state'] == 'up' and 'Up' in words(database), 'the database is not up')
    require('The shop\'s <database>' in words(database), 'the description is not shown as it is')
    require('Certificate' in words(database) and re.search(r'\d+ years left', words(database)), 'no end of the certificate')
    require('100 %' in words(database), 'no uptime')
    require(queue[1]['data-state'] == 'down', 'the queue is not down')
    require('connect timeout no answer to <b>hello</b> & "more"' in words(queue), 'why: ' + words(queue))
    require('Last success never' in words(queue), 'no last success: ' + words(queue))
    require('internal out of descriptors' in words(card(document, 'shop_search')), 'the unknown one says nothing')
    require('Unknown' in words(card(document, 'shop_search')), 'the unknown one is not')
    require('Pending' in words(card(document, 'shop_backup')), 'the pending one is not')
    for each in (database, queue):
        bars = find(each, 'rect')
        require(len(bars) == 96, '%d bars, not 96' % len(bars))
        require(bars[-1][1]['class'] == each[1]['data-state'], 'the newest bar is ' + bars[-1][1]['class'])
        require(bars[0][1].get('class', '') == '', 'a bar of no check has a colour')
    require(find(database, 'path', class_='mean')[0][1]['d'].startswith('M'), 'no line of latency')
    require(find(queue, 'path', class_='mean')[0][1]['d'] == '', 'a latency of nothing')
    for each in find(document.root, 'svg'):
        require('aria-hidden' in each[1] or each[1].get('aria-label'), 'a picture without words')


def look_up(document):
    require(words(find(document.root, 'strong', id='summary')[0]) == 'All systems operational', words(document.root))
    require(find(document.root, id='headline')[0][1]['data-state'] == 'up', 'the headline is not green')


def look_month(document):
    pressed = [words(each) for each in find(find(document.root, id='range')[0], 'button', aria_pressed='true')]
    require(pressed == ['30 days'], 'pressed: %s' % pressed)
    require(len(find(card(document, 'shop_queue'), 'rect')) == 90, 'these are not the bars of a month')


def look_empty(document):
    require('No probes yet.' in words(document.root), words(document.root))


def pixels(path):
    """Width, height and the rows of a PNG of eight bits per colour."""
    data = open(path, 'rb').read()
    at, parts, header = 8, b'', None
    while at < len(data):
        size, kind = struct.unpack('>I4s', data[at:at + 8])
        if kind == b'IHDR':
            header = struct.unpack('>IIBBBBB', data[at + 8:at + 21])
        elif kind == b'IDAT':
            parts += data[at + 8:at + 8 + size]
        at += size + 12
    width, height, step = header[0], header[1], {2: 3, 6: 4}[header[3]]
    raw, stride, before, rows = zlib.decompress(parts), width * step, bytearray(width * step), []
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left, corner = (row[i - step], before[i - step]) if i >= step else (0, 0)
            if kind == 1:
                row[i] = (row[i] + left) & 255
            elif kind == 2:
                row[i] = (row[i] + before[i]) & 255
            elif kind == 3:
                row[i] = (row[i] + (left + before[i]) // 2) & 255
            elif kind == 4:
                guess = left + before[i] - corner
                row[i] = (row[i] + min((abs(guess - left), 0, left), (abs(guess - before[i]), 1, before[i]),
                                       (abs(guess - corner), 2, corner))[2]) & 255
        rows.append(row)
        before = row
    return width, height, step, rows


def look_picture(path, page, wanted):
    """The page's own colour at its edge, and a bar or more of each colour that is wanted."""
    width, height, step, rows = pixels(path)
    colours = {}
    for row in rows:
        for x in range(0, width * step, step):
            colour = '%02x%02x%02x' % tuple(row[x:x + 3])
            colours[colour] = colours.get(colour, 0) + 1
    edge = '%02x%02x%02x' % tuple(rows[height - 1][:3])
    require(edge == page, 'the page is #%s, not #%s' % (edge, page))
    for colour in wanted:
        require(colours.get(colour, 0) > 80, '#%s is hardly there: %d pixels' % (colour, colours.get(colour, 0)))


if __name__ == '__main__':
    if sys.argv[1] == 'picture':
        look_picture(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        {'all': look_all, 'up': look_up, 'empty': look_empty, 'month': look_month}[sys.argv[1]](Document(sys.stdin.read()))
