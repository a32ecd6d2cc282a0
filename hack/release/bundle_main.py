"""What the directory with Python inside runs: the program, with the environment of its user."""

import os
from collections.abc import MutableMapping, Sequence

BUILT_IN = "@BUILT_IN@".split(os.pathsep)
"""Where the OpenSSL inside looks for certificate authorities: paths of the system that it was built on."""

AUTHORITIES = (  # those of Go's crypto/x509, so of kubectl
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Gentoo, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL 6
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # RHEL 7 and later
    "/etc/ssl/cert.pem",  # Alpine, macOS
)


def give_back(environment: MutableMapping[str, str]) -> None:
    """Undo what PyInstaller sets: credential plugins are other programs, with libraries of their own."""
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = environment.pop(f"{name}_ORIG", None)
        if before is not None:
            environment[name] = before
        elif "_PYI_ARCHIVE_FILE" in environment:
            environment.pop(name, None)
    for name in [name for name in environment if name.startswith("_PYI_")]:
        del environment[name]


def find_authorities(environment: MutableMapping[str, str], built_in: Sequence[str], known: Sequence[str]) -> None:
    """Name the system's certificate authorities, if it has them elsewhere than the system of the build."""
    if "SSL_CERT_FILE" in environment or "SSL_CERT_DIR" in environment or any(map(os.path.exists, built_in)):
        return
    for file in known:
        if os.path.exists(file):
            environment["SSL_CERT_FILE"] = file
            return


if __name__ == "__main__":
    give_back(os.environ)
    find_authorities(os.environ, BUILT_IN, AUTHORITIES)
    from kubectl_dshell.__main__ import run

    run()
