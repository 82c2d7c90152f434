"""What the checks of the repository share: the libraries as their lib.mk describes them, and how to report.

A check reports each thing it looks at as one line, "ok NAME" or "not ok NAME: why"; the runner counts them.
It works on the tree it stands in and on the build in $BUILD, so that it can be tried on a copy.
"""
import glob
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('BUILD', os.path.join(ROOT, 'build')))
os.chdir(ROOT)
C_COMPILERS = ('gcc', 'clang-14')
_failed = False


class Library:
    def __init__(self, folder):
        self.folder, self.name = folder, folder[len('lib'):]
        self.upper = self.name.upper()
        self.public = '%s/include/%s/' % (folder, self.name)
        self.headers = sorted(glob.glob(self.public + '*.h'))
        self.sources = files(folder + '/src', '.c', '.h')
        self.map = '%s/%s.map' % (folder, folder)
        self.static = os.path.join(BUILD, folder, folder + '.a')
        self.shared = os.path.join(BUILD, folder, folder + '.so')
        self.data = read_variables(folder)
        self.tools = files(folder + '/tools', '.c', '.h')
        # What it loads at run time: the objects of all, and each by its name.
        self.module_archive = os.path.join(BUILD, folder, 'probes.a')
        self.modules = {name: os.path.join(BUILD, folder, 'probes', 'probe_%s.so' % name)
                        for name in self.words('MODULES')}
        self.module_symbol = '%s_module_v1' % self.name
        numbers = re.findall(r'_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)', read(self.public + 'version.h'))
        self.major, self.minor, self.patch = numbers
        self.node = '%s_%s.%s' % (folder.upper(), self.major, self.minor)

    def words(self, variable):
        return self.data.get(variable, '').split()

    def archives(self):
        return [self.static] + ([self.module_archive] if self.modules else [])

    def includes(self):
        """Compiler options to find its public headers and what those include."""
        folders = [self.folder] + self.words('SIBLINGS')
        packages = [name for name in self.words('REQUIRES') if name not in folders]
        return ['-I%s/include' % folder for folder in folders] + pkg_config('--cflags', packages)

    def exported(self):
        """The names its headers declare public, each with the header that does."""
        names = {}
        for header in self.headers:
            for declaration in declarations(read(header)):
                if self.upper + '_API' in declaration:
                    names[declared_name(declaration, self.name)] = header
        return names


def read_variables(folder):
    text = read(folder + '/lib.mk').replace('\\\n', ' ')
    variables = {}
    for name, value in re.findall(r'^%s_(\w+) *:= *(.*)$' % folder, text, re.M):
        variables[name] = re.sub(r'\$\(%s_(\w+)\)' % folder, lambda used: variables.get(used[1], ''), value)
    return variables


def libraries():
    return [Library(os.path.dirname(path)) for path in sorted(glob.glob('lib*/lib.mk'))]


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


def files(folder, *endings):
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ('.git', 'build'))
        found += [os.path.normpath(os.path.join(place, name)) for name in sorted(names)
                  if not endings or name.endswith(endings)]
    return [path for path in found if not os.path.islink(path)]


def strip_comments(text):
    """C without comments, text and preprocessor lines; line numbers stay."""
    text = re.sub(r'/\*.*?\*/', lambda match: re.sub(r'[^\n]', ' ', match.group()), text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    text = re.sub(r"'(?:\\.|[^'\\\n])*'", "''", text)
    return re.sub(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', lambda m: '\n' * m.group().count('\n'), text, flags=re.M)


def declarations(text):
    """The statements of a header outside of braces."""
    text = re.sub(r'\b[A-Z]+_(BEGIN|END)_DECLS\b', '', strip_comments(text))
    depth, current, found = 0, '', []
    for char in text:
        depth += (char == '{') - (char == '}')
        if depth == 0 and char in ';}':
            found.append(' '.join(current.split()))
            current = ''
        elif depth == 0:
            current += char
    return found


def declared_name(declaration, prefix):
    function = re.search(r'\b(%s_\w+)\s*\(' % prefix, declaration)
    return function.group(1) if function else re.findall(r'\w+', declaration)[-1]


def run(*command):
    """Status and output of a command, the standard output and the other one together."""
    process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                             check=False)
    return process.returncode, process.stdout.decode('utf-8', 'replace')


def output(*command):
    status, text = run(*command)
    if status:
        sys.exit('%s failed: %s' % (shlex.join(command), text))
    return text


def pkg_config(option, packages):
    return output('pkg-config', option, *packages).split() if packages else []


def report(name, problems):
    """One line for one thing that was looked at; details of several problems follow as comments."""
    global _failed
    problems = list(problems)
    if not problems:
        print('ok %s' % name)
        return
    _failed = True
    lines = [line for problem in problems for line in problem.splitlines() if line.strip()]
    print('not ok %s: %s%s' % (name, lines[0], ' (and %d more)' % (len(lines) - 1) if len(lines) > 1 else ''))
    for line in lines[1:]:
        print('#   %s' % line)


def finish():
    sys.exit(1 if _failed else 0)
