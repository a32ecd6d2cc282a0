"""`kubectl dshell explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_dshell.cli.flags.diagnosis import ExplainOptions
from kubectl_dshell.cli.flags.parsing import verb
from kubectl_dshell.cli.stdout import write_data
from kubectl_dshell.domain.pod.reference import WorkloadKind
from kubectl_dshell.output.document import Format

if TYPE_CHECKING:
    from kubectl_dshell.commands.ports import Ports
    from kubectl_dshell.commands.request import OpenRequest


@verb("explain", ExplainOptions)
def explain_command(options: ExplainOptions) -> int:
    """Explain the containers of a pod, and which ways lead to their files.

    Shows as which user each container runs and how that is known, its capabilities and security profiles, what Pod
    Security and policies allow, the memory that a debug container would share, and for --profile auto, --app-image,
    --chroot and --profile general whether a session would be able to read the app's files. The API server is asked with
    dry runs: nothing is added to the pod. The fields of -o json are documented in docs/json.md.
    """
    target = options.target
    from kubectl_dshell.cli.settings import Configuration
    from kubectl_dshell.cli.wiring import ports_and_api
    from kubectl_dshell.commands.diagnosis.explain import explain
    from kubectl_dshell.kube.inspection import Inspection
    from kubectl_dshell.output.diagnosis.explanation import format_explanation, format_tables
    from kubectl_dshell.output.diagnosis.paint import painter, stdout_width

    configuration = Configuration()
    # Quiet: each dry run may bring the same warnings of Pod Security, which would apply to a session.
    with ports_and_api(options.connection, options.namespace, quiet=True) as (bound, api):
        namespace = api.connection.namespace
        options = configuration.apply(options, bound.context, namespace)
        colour = configuration.colour(bound.context, namespace)
        pod = target.name
        if target.kind is not WorkloadKind.POD:
            from kubectl_dshell.commands.fanout.targets import one_pod

            pod = one_pod(target, namespace, options.container, bound)
        found = explain(_request(options, namespace, pod, bound), bound, Inspection(api))
    if options.output is Format.JSON or options.output is Format.YAML:
        write_data(format_explanation(found, options.output))
    else:
        write_data(format_tables(found, stdout_width(), painter(colour)))
    return 0


def _request(options: ExplainOptions, namespace: str, pod: str, bound: Ports) -> OpenRequest:
    """What a session without other flags would ask for."""
    from kubectl_dshell import __version__
    from kubectl_dshell.commands.request import OpenRequest
    from kubectl_dshell.domain.access.privilege import DEFAULT

    return OpenRequest(
        namespace=namespace,
        pod=pod,
        container=options.container,
        privilege=DEFAULT,
        run_as=options.run_as,
        image=options.image,
        pull_policy=None,
        env=(),
        ttl=1,
        new=True,
        version=__version__,
        reason="",
        name=None,
        command=(),
        stdin=True,
        tty=False,
        keep=0,
        timeout=1,
        retry_command=bound.invocation.open(namespace, pod, options.container),
    )
