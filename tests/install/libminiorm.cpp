// A C++ program outside of the tree: it knows libminiorm by its installed headers and pkg-config only.
#include <miniorm/miniorm.h>

#include <iostream>
#include <string>

int main()
{
    const std::string version = miniorm_version();

    std::cout << version << '\n';
    return version == MINIORM_VERSION ? 0 : 1;
}
