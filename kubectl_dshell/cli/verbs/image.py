"""`kubectl dshell image`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kubectl_dshell import __version__
from kubectl_dshell.cli.argv import check_text
from kubectl_dshell.cli.flags.connection import ConnectionFlags
from kubectl_dshell.cli.flags.output import dry_run
from kubectl_dshell.cli.flags.param_types import PodName
from kubectl_dshell.cli.flags.parsing import Operand, Options, nested, optional, parsed, remote_command, verb
from kubectl_dshell.cli.flags.selection import CONTAINER, NAMESPACE
from kubectl_dshell.cli.flags.session import (
    IDENTITY,
    IMAGE,
    PULL_POLICY,
    QUIET,
    REASON,
    RECORD,
    RUN_AS,
    STDIN,
    TIMEOUT,
    TTL,
    TTY,
    check_command,
    settle_streams,
)
from kubectl_dshell.commands.session.dry_run import DryRun
from kubectl_dshell.domain.access.privilege import DEFAULT

if TYPE_CHECKING:
    from kubectl_dshell.cli.flags.session import SessionStreams
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.debug_container.spec import PullPolicy
    from kubectl_dshell.domain.text.invocation import Invocation


class ImageOptions(Options):
    target: str = parsed(Operand[str](["target"], type=click.STRING, metavar="IMAGE"))
    command: tuple[str, ...] | None = remote_command()
    namespace: str | None = parsed(NAMESPACE)
    like: str | None = parsed(
        optional(
            PodName(),
            "--like",
            metavar="POD",
            group=IDENTITY,
            help="Take user, privileges, node, tolerations and pull secrets from this pod.",
        )
    )
    container: str | None = parsed(CONTAINER.but(help="The container of the pod of --like."))
    run_as: tuple[int, int | None] | None = parsed(RUN_AS.but(help="Run as this user instead of the image's."))
    image: str = parsed(IMAGE.but(help="The image with the tools: a static busybox at /bin/busybox."))
    pull_policy: PullPolicy | None = parsed(PULL_POLICY.but(help="When the node pulls the image with the tools."))
    reason: str = parsed(REASON)
    ttl: int = parsed(TTL)
    timeout: int = parsed(TIMEOUT)
    tty: bool | None = parsed(TTY)
    stdin: bool | None = parsed(STDIN)
    record: str | None = parsed(RECORD)
    quiet: bool = parsed(QUIET)
    dry_run: DryRun = parsed(dry_run(DryRun, "Print the pod that would be created."))
    connection: ConnectionFlags = nested(ConnectionFlags)

    def check(self) -> None:
        """Raises click.UsageError for values that are invalid or contradict each other."""
        check_command(self.command)
        check_text((self.image,), "DSHELL_IMAGE")
        if self.container and not self.like:
            raise click.UsageError("-c needs --like: it chooses a container of that pod")
        if self.ttl < 1 or self.timeout < 1:
            raise click.UsageError("--ttl and --timeout must be at least 1s")
        if self.record and self.dry_run is not DryRun.NONE:
            raise click.UsageError("--record cannot be used with --dry-run, which opens no session")

    def to_request(self, namespace: str, streams: SessionStreams, invocation: Invocation) -> OpenRequest:
        """The request, whose pod is that of --like, or empty."""
        from kubectl_dshell.commands.request import OpenRequest

        like = ("--like", self.like) if self.like else ()
        container = ("--container", self.container) if self.container else ()
        return OpenRequest(
            namespace=namespace,
            pod=self.like or "",
            container=self.container,
            command=self.command or (),
            stdin=streams.stdin,
            tty=streams.tty,
            keep=0,
            timeout=self.timeout,
            retry_command=invocation.command("image", self.target, *like, *container, namespace=namespace),
            privilege=DEFAULT,
            run_as=self.run_as,
            image=self.image,
            pull_policy=self.pull_policy.value if self.pull_policy else None,
            env=(),
            ttl=self.ttl,
            new=False,
            version=__version__,
            reason=self.reason,
            name=None,
        )


@verb("image", ImageOptions, flags="[flags] [-- COMMAND ARG...]")
def image_command(options: ImageOptions) -> int:
    """Open a shell in an image, or run COMMAND there, in a pod of its own that is deleted afterwards.

    The image needs no shell: the tools are those of --image, at the end of PATH. Its entry point is not run. The user
    is the image's, or that of the pod of --like.
    """
    options.check()
    streams = settle_streams(stdin=options.stdin, tty=options.tty, command=options.command)
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.cli.wiring import ports, recording

    configuration = Configuration()
    with (
        recording(options.record, quiet=options.quiet) as recorded,
        ports(options.connection, options.namespace, quiet=options.quiet) as (bound, namespace),
    ):
        from kubectl_dshell.commands.pod_copy.open import dry_run_image, open_image

        given, options = options, configuration.apply(options, bound.context, namespace)
        if options.connection.verbosity:
            configuration.tell_image(given, options.image, bound, namespace)
        request = options.to_request(namespace, streams, bound.invocation)
        if options.dry_run is not DryRun.NONE:
            from kubectl_dshell.cli.stdout import write_data
            from kubectl_dshell.output.document import Format, format_document

            write_data(format_document(dry_run_image(request, options.target, options.dry_run, bound), Format.YAML))
            return 0
        configuration.require_reason(request.reason, bound.context, namespace)
        if streams.notice:
            bound.notices.notice(streams.notice)
        return open_image(request, options.target, recorded(bound))
