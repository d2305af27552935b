"""The process that customers' JavaScript runs in. Started by `transform_pool.py` as a file, not as a module.

It imports nothing of ours, has an empty environment, and before the first script gives up all it does not
need: memory, files, descriptors, and on Linux every system call but those for memory, time and its two pipes.

    in    4 + 4 bytes of lengths, the script, the argument (JSON)
    out   4 bytes of length, JSON: {"result": …} or {"error": text, "trace": text}

Each script gets a new engine, so nothing outlives it. What may still escape the engine's own limits (a sort
that never ends is not interrupted) is ended from outside; the alarm is for when there is no outside any more.
"""

import importlib.util
import json
import os
import signal
import struct
import sys
import time
from typing import Any

HEAP_BYTES, STACK_BYTES, ADDRESS_BYTES = 32 * 2**20, 512 * 2**10, 256 * 2**20
CPU_SECONDS = 0.5
ALARM_SECONDS = 3
"""After which the process ends by itself; whoever started it is to have ended it before."""
DESCRIPTORS = 4
MOST_RESULT_BYTES = 8 * 2**20
"""Of a result as JSON: room for a body of 1 MiB with everything escaped."""
INTERRUPTED, OUT_OF_MEMORY = "InternalError: interrupted", "InternalError: out of memory"
"""What the engine says when a script meets a limit."""

# Asks for the handler by name, so that `function handler`, `const handler =` and `var handler =` all work.
# What comes out is flat: nobody after us has to deal with what a script can nest.
CALL = """(() => {
  const {parse, stringify} = JSON, {entries} = Object, {isArray} = Array;
  const refuse = (text) => { throw text; };
  const kind = (value) => value === null ? "null" : isArray(value) ? "a list" : typeof value;
  const body = (payload) => {
    const text = typeof payload === "string" ? payload
      : typeof payload === "object" && payload !== null ? stringify(payload) : undefined;
    if (text === undefined) refuse(`payload is ${kind(payload)}; it has to be an object or a text`);
    if (!text.isWellFormed()) refuse("payload holds half a character (a lone surrogate)");
    return text;
  };
  const headers = (given) => {
    if (given === undefined || given === null) return [];
    if (typeof given !== "object" || isArray(given))
      refuse(`headers is ${kind(given)}; it has to be an object`);
    return entries(given).map(([name, value]) =>
      typeof value === "string" ? [name, value] : refuse(`the header ${name} is ${kind(value)}, not a text`));
  };
  const part = (name, value, given) =>
    value === undefined ? given
      : typeof value === "string" ? value : refuse(`${name} is ${kind(value)}; it has to be a text`);
  return (text) => {
    if (typeof handler !== "function") refuse("the script declares no function `handler`");
    const given = parse(text), {method, url} = given, result = handler(given);
    if (typeof result !== "object" || result === null || isArray(result))
      refuse(`handler returned ${kind(result)}; it has to return the webhook`);
    if (typeof result.then === "function")
      refuse("handler returned a Promise; a transformation can't be async");
    if (![undefined, null, true, false].includes(result.cancel))
      refuse(`cancel is ${kind(result.cancel)}; it has to be true or false`);
    if (result.cancel) return '{"cancel":true}';
    return stringify({
      method: part("method", result.method, method), url: part("url", result.url, url),
      headers: headers(result.headers), body: body(result.payload),
    });
  };
})()"""


def main() -> None:
    """Arguments: the file of the engine's module, the process that started us."""
    engine_file, parent = sys.argv[1], int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server: it ends us when it is done
    os.environ["TZ"] = "UTC"
    time.tzset()
    engine = _engine(engine_file)
    # Once before anything is given up, so that whatever is loaded late has been.
    _run(engine, "function handler(webhook) { return webhook; }", '{"payload": {}, "method": "", "url": ""}')
    locks = [*_limits(), *_locks(parent)]
    _write({"ready": locks})
    while head := _read(8):
        script_length, argument_length = struct.unpack(">II", head)
        script, argument = _read(script_length), _read(argument_length)
        signal.alarm(ALARM_SECONDS)
        answer = _run(engine, script.decode(), argument.decode())
        signal.alarm(0)
        _write(answer)


def _engine(file: str) -> Any:
    """The engine's own module, without the threads that its Python package starts."""
    spec = importlib.util.spec_from_file_location("_quickjs", file)
    if spec is None or spec.loader is None:
        raise ImportError(file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _run(engine: Any, script: str, argument: str) -> dict[str, Any]:
    """Run the handler on the argument, and return what it makes of it, or why it makes nothing."""
    context = engine.Context()
    context.set_memory_limit(HEAP_BYTES)
    context.set_max_stack_size(STACK_BYTES)
    ours = 0
    try:
        call = context.eval(CALL)
        begun = time.process_time()
        context.set_time_limit(CPU_SECONDS)
        context.eval(script)
        # The engine counts anew with each call: the second may take what the first has left.
        context.set_time_limit(max(0.001, CPU_SECONDS - (time.process_time() - begun)))
        ours = 1
        result = call(argument)
    except engine.JSException as problem:
        return _script_error(str(problem), ours)
    except ValueError as problem:  # NUL in the script, or a text that is not well-formed
        return {"error": f"the script can't be read: {problem}", "trace": ""}
    except MemoryError:
        return {"error": OUT_OF_MEMORY, "trace": ""}
    if not isinstance(result, str) or len(result.encode()) > MOST_RESULT_BYTES:
        return {"error": "the result is no JSON, or too large", "trace": ""}
    return {"result": result}


def _script_error(text: str, ours: int) -> dict[str, Any]:
    """An engine's error: its message, and where in the script it came from, without our own last step."""
    message, *remaining_texts = text[:4000].split("\n")
    trace = [
        line.strip().replace("<input>:", "line ") for line in remaining_texts if line.startswith("    at ")
    ]
    return {"error": message[:1000], "trace": ", ".join(trace[: len(trace) - ours][:3])}


def _limits() -> list[str]:
    """Set what the system limits by number, and return which of it worked."""
    import resource

    done = []
    for name, value in (
        ("RLIMIT_AS", ADDRESS_BYTES),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", DESCRIPTORS),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (OSError, ValueError):  # not every system has each, or lets it be this small
            continue
        done.append(name)
    return done


# Linux: die with the parent, gain no rights, make no system call but these.

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 1, 38, 22, 2
_CLONE_NEWNET, _CLONE_NEWUSER = 0x40000000, 0x10000000
_ARCHITECTURES: dict[str, tuple[int, tuple[int, ...]]] = {
    # linux/audit.h: AUDIT_ARCH_…; unistd.h: read, write, close, mmap, mprotect, munmap, brk, rt_sigaction,
    # rt_sigprocmask, rt_sigreturn, sched_yield, mremap, madvise, setitimer, alarm, getpid, exit, exit_group,
    # gettimeofday, getrusage, times, gettid, futex, clock_gettime, clock_getres, restart_syscall, getrandom
    "x86_64": (
        0xC000003E,
        (
            0, 1, 3, 9, 10, 11, 12, 13, 14, 15, 24, 25, 28, 37, 38, 39, 60, 96, 98, 100, 186, 202, 219, 228,
            229, 231, 318,
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            57, 63, 64, 93, 94, 98, 103, 113, 114, 124, 128, 134, 135, 139, 153, 165, 169, 172, 178, 214,
            215, 216, 222, 226, 233, 278,
        ),
    ),
}  # fmt: skip


def _locks(parent: int) -> list[str]:
    """Give up what Linux lets a process give up without being root, and return what of it worked."""
    if not sys.platform.startswith("linux"):
        return []
    try:
        import ctypes
    except ImportError:  # Python can be built without
        return []
    system = ctypes.CDLL(None, use_errno=True)
    done = []
    if system.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0:
        done.append("dies_with_parent")
        if os.getppid() != parent:  # it ended before that call
            sys.exit()
    if system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        done.append("no_new_privs")
    if _filtered(system):
        done.append("system_calls")
    elif system.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        done.append("no_network")
    return done


def _filtered(system: Any) -> bool:
    """Let the kernel refuse (EPERM) every system call that is not listed, and return whether it does."""
    import ctypes

    known_architecture = _ARCHITECTURES.get(os.uname().machine)
    if known_architecture is None:
        return False
    architecture, calls = known_architecture
    # Classic BPF over struct seccomp_data: the number of the call at 0, the architecture at 4.
    load, equal, end = 0x20, 0x15, 0x06
    refuse, allow = 0x00050000 | 1, 0x7FFF0000
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (end, 0, 0, refuse), (load, 0, 0, 0)]
    # A jump counts from the next step: past the calls that are left, and past the refusal.
    steps += [(equal, len(calls) - position, 0, number) for position, number in enumerate(calls)]
    steps += [(end, 0, 0, refuse), (end, 0, 0, allow)]
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("@HP", len(steps), ctypes.addressof(packed))  # struct sock_fprog
    return bool(system.prctl(_PR_SET_SECCOMP, _FILTER, program, 0, 0) == 0)


def _read(size: int) -> bytes:
    """So many bytes, or none when there are no more. Unbuffered: a script's data does not linger."""
    parts = bytearray()
    while len(parts) < size:
        part = os.read(0, size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)


def _write(answer: dict[str, Any]) -> None:
    data = json.dumps(answer, ensure_ascii=False).encode(errors="replace")
    data = struct.pack(">I", len(data)) + data
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
