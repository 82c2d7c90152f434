// A C++ program outside of the tree: it knows libbaseapi by its installed headers and pkg-config only.
#include <baseapi/baseapi.h>

#include <iostream>
#include <string>

int main()
{
    const std::string version = baseapi_version();

    std::cout << version << '\n';
    return version == BASEAPI_VERSION ? 0 : 1;
}
