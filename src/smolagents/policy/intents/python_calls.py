"""What well-known callables of Python and its libraries do, by the names that `python_names` gives them. Data.

`?.` and a name is a method of that name, of whatever nobody knows the kind of: only those are listed that hardly
anything else is called.
"""

from __future__ import annotations

from typing import NamedTuple


class Effect(NamedTuple):
    """What a callable does.

    Attributes:
        act (`str`): One of `facts.ACTS`.
        reads (`str`): How its argument says to what: `path`, `url`, `host`, `address`, `command` (for a shell), `argv`
            (a list, or a text for a shell), `code`, `sql`, or a target, if nothing needs to be read.
        position (`int`): Of that argument; -1 is what the method is of.
        keyword (`str`): Its other name.
        traits (`frozenset[str]`): Traits that are always there.
    """

    act: str
    reads: str
    position: int = 0
    keyword: str = ""
    traits: frozenset[str] = frozenset()


def _effects(
    names: str, act: str, reads: str, position: int = 0, keyword: str = "", traits: str = ""
) -> dict[str, Effect]:
    effect = Effect(act, reads, position, keyword, frozenset(traits.split()))
    return dict.fromkeys(names.split(), effect)


_HTTP = (
    "requests httpx requests.Session() requests.session() httpx.Client() httpx.AsyncClient() aiohttp.ClientSession()"
)
_GETS = " ".join(f"{client}.{verb}" for client in _HTTP.split() for verb in ("get", "head", "options", "stream"))
_POSTS = " ".join(f"{client}.{verb}" for client in _HTTP.split() for verb in ("post", "put", "patch", "delete"))
_REQUESTS = " ".join(f"{client}.{verb}" for client in _HTTP.split() for verb in ("request", "send"))
# What the interpreter's own interface runs or changes, past what the language checks
_OF_THE_INTERPRETER = (
    "PyRun_SimpleString PyRun_SimpleStringFlags PyRun_String PyRun_StringFlags PyRun_AnyFile PyRun_SimpleFile"
    " PyEval_EvalCode PyEval_EvalFrame PyEval_GetFrame PyEval_GetBuiltins PyEval_GetGlobals PyEval_SetTrace"
    " PyEval_SetProfile PyImport_Import PyImport_ImportModule PyImport_AddModule PyImport_GetModuleDict"
    " PyFrame_GetBack PySys_AddAuditHook PySys_ClearAuditHooks PySys_SetObject PyObject_SetAttr"
    " PyObject_SetAttrString PyObject_SetItem PyObject_GenericSetAttr PyObject_Call PyObject_CallObject PyDict_SetItem"
    " PyDict_SetItemString PyDict_DelItem PyTuple_SetItem Py_CompileString Py_CompileStringFlags PyCode_New"
    " PyFunction_New PyFunction_SetClosure PyMarshal_ReadObjectFromString"
)
_SOCKETS = (
    "socket.socket() ssl.wrap_socket() ssl.SSLContext().wrap_socket() ssl.create_default_context().wrap_socket()"
)

CALLS: dict[str, Effect] = {
    # Files
    **_effects(
        "open io.open codecs.open os.open builtins.open pathlib.Path().open gzip.open bz2.open lzma.open io.FileIO"
        " aiofiles.open tarfile.open zipfile.ZipFile",
        "read",
        "open",
    ),
    **_effects(
        "os.remove os.unlink os.rmdir os.removedirs shutil.rmtree send2trash.send2trash", "delete", "path", 0, "path"
    ),
    **_effects("pathlib.Path().unlink pathlib.Path().rmdir", "delete", "path", -1),
    **_effects("shutil.rmtree", "delete", "path", 0, "path", "recursive"),
    **_effects("os.truncate", "write", "path", 0, "path", "overwrite"),
    **_effects("pathlib.Path().write_text pathlib.Path().write_bytes", "write", "path", -1, "", "overwrite"),
    **_effects(
        "pathlib.Path().touch pathlib.Path().mkdir pathlib.Path().symlink_to pathlib.Path().hardlink_to",
        "write",
        "path",
        -1,
    ),
    **_effects("os.mkdir os.makedirs os.mkfifo os.mknod", "write", "path", 0, "name"),
    **_effects("os.utime", "hide", "timestamps", 0, "path"),
    **_effects("os.rename os.replace os.renames shutil.move", "move", "two paths"),
    **_effects("shutil.copy shutil.copy2 shutil.copyfile shutil.copytree os.link os.symlink", "write", "two paths"),
    **_effects("pathlib.Path().read_text pathlib.Path().read_bytes", "read", "path", -1),
    **_effects("zipfile.ZipFile().write tarfile.open().add tarfile.TarFile().add", "read", "path", 0, "filename"),
    **_effects("os.listdir os.scandir os.walk glob.glob glob.iglob", "list", "path", 0, "top"),
    **_effects("pathlib.Path().iterdir pathlib.Path().glob pathlib.Path().rglob", "list", "path", -1),
    **_effects(
        "pandas.read_csv pandas.read_json pandas.read_excel pandas.read_parquet pandas.read_table pandas.read_html"
        " numpy.load numpy.loadtxt numpy.genfromtxt linecache.getline linecache.getlines fileinput.input"
        " numpy.fromfile numpy.memmap tokenize.open linecache.updatecache netrc.netrc readline.read_init_file"
        " readline.read_history_file mimetypes.read_mime_types pkgutil.get_data io.open_code _pyio.open"
        " PIL.Image.open cv2.imread configparser.ConfigParser().read dotenv.dotenv_values",
        "read",
        "path or url",
    ),
    **_effects(
        "?.to_csv ?.to_json ?.to_excel ?.to_parquet ?.to_pickle numpy.save numpy.savetxt ?.savefig"
        " logging.FileHandler shutil.make_archive",
        "write",
        "path",
    ),
    **_effects("os.chmod os.lchmod", "change_mode", "mode", 0, "path"),
    **_effects("pathlib.Path().chmod", "change_mode", "mode", -1),
    **_effects("os.chown os.lchown shutil.chown", "change_mode", "path", 0, "path"),
    **_effects("os.setxattr", "change_mode", "path", 0),
    # Processes
    **_effects(
        "os.system os.popen subprocess.getoutput subprocess.getstatusoutput commands.getoutput"
        " commands.getstatusoutput"
        " asyncio.create_subprocess_shell os.popen2 os.popen3 popen2.popen2 platform.popen pexpect.run pexpect.spawn"
        " asyncio.subprocess.create_subprocess_shell pexpect.spawnu popen2.popen3 popen2.popen4 os.popen4"
        " imaplib.IMAP4_stream get_ipython().system get_ipython().getoutput IPython.get_ipython().system"
        " IPython.get_ipython().getoutput sh.Command",
        "run_process",
        "command",
        0,
        "command",
    ),
    **_effects(
        "subprocess.run subprocess.call subprocess.Popen subprocess.check_call subprocess.check_output",
        "run_process",
        "argv",
        0,
        "args",
    ),
    **_effects("os.execv os.execve os.execvp os.execvpe os.posix_spawn os.posix_spawnp", "run_process", "argv", 1),
    **_effects("os.execl os.execle os.execlp os.execlpe asyncio.create_subprocess_exec", "run_process", "words", 0),
    **_effects("os.spawnl os.spawnle os.spawnlp os.spawnlpe", "run_process", "words", 1),
    **_effects("os.spawnv os.spawnve os.spawnvp os.spawnvpe", "run_process", "argv", 2),
    **_effects("?.subprocess_shell", "run_process", "command", 1),
    **_effects("?.subprocess_exec", "run_process", "words", 1),
    **_effects(
        "webbrowser.GenericBrowser webbrowser.BackgroundBrowser distutils.spawn.spawn"
        " setuptools.distutils.spawn.spawn",
        "run_process",
        "argv",
    ),
    **_effects(
        "tkinter.Tk().eval tkinter.Tk().tk.eval tkinter.Tcl().eval _tkinter.create().eval", "run_process", "tcl"
    ),
    **_effects("pty.spawn", "run_process", "argv", 0, "", "interactive"),
    **_effects("os.startfile ", "run_process", "argv"),
    # What is below the modules that one would use, and tells nobody
    **_effects("_posixsubprocess.fork_exec", "run_process", "argv", 0, "", "hidden"),
    **_effects("multiprocessing.util.spawnv_passfds", "run_process", "argv", 1, "", "hidden"),
    **_effects(
        "_aix_support._read_cmd_output _osx_support._read_output uuid._get_command_stdout",
        "run_process",
        "command",
        0,
        "",
        "hidden",
    ),
    **_effects("pydoc.pipepager pydoc.tempfilepager", "run_process", "command", 1),
    **_effects("subprocess._posixsubprocess.fork_exec", "run_process", "argv", 0, "", "hidden"),
    **_effects("os.kill os.killpg", "kill", "pid"),
    **_effects("psutil.Process().kill psutil.Process().terminate psutil.Process().suspend", "kill", "process"),
    **_effects(
        "psutil.process_iter()[].kill psutil.process_iter()[].terminate psutil.process_iter()[].suspend"
        " psutil.process_iter()[].send_signal psutil.process_iter()[].parent().kill",
        "kill",
        "process",
        0,
        "",
        "bulk",
    ),
    **_effects(
        "docker.from_env().containers.run docker.DockerClient().containers.run docker.from_env().containers.create"
        " docker.DockerClient().containers.create docker.APIClient().create_host_config",
        "compute",
        "container",
    ),
    **_effects(
        "ctypes.windll.kernel32.CreateFileW ctypes.windll.kernel32.CreateFileA win32file.CreateFile"
        " win32file.CreateFileW",
        "write",
        "path",
    ),
    **_effects("os.fork", "compute", "process"),
    **_effects(
        "os.setuid os.setgid os.seteuid os.setegid os.setreuid os.setresuid os.setregid os.setresgid", "become", "uid"
    ),
    **_effects("os.chroot", "configure", "system"),
    **_effects(
        "ctypes.windll.shell32.ShellExecuteW ctypes.windll.shell32.IsUserAnAdmin",
        "become",
        "system",
        0,
        "",
        "privileged",
    ),
    **_effects("win32api.InitiateSystemShutdown", "power", "system"),
    # Code
    **_effects(
        "eval exec builtins.eval builtins.exec cProfile.run cProfile.runctx"
        " profile.run trace.Trace().run"
        " code.InteractiveInterpreter().runsource code.InteractiveInterpreter().runcode code.InteractiveConsole().push"
        " IPython.get_ipython().run_cell IPython.get_ipython().ex test.support.run_in_subinterp"
        " code.InteractiveConsole().runsource code.InteractiveConsole().runcode get_ipython().run_cell"
        " get_ipython().ex"
        " profile.runctx trace.Trace().runctx bdb.Bdb().run bdb.Bdb().runctx bdb.Bdb().runeval"
        " _testcapi.run_in_subinterp"
        " _testinternalcapi.run_in_subinterp cProfile.Profile().run cProfile.Profile().runctx profile.Profile().run"
        " concurrent.interpreters.create().exec interpreters.create().run test.support.interpreters.create().run",
        "run_code",
        "code",
    ),
    **_effects("timeit.repeat timeit.Timer timeit.timeit", "run_code", "code", 0, "stmt"),
    **_effects("_xxsubinterpreters.run_string _interpreters.exec _interpreters.run_string", "run_code", "code", 1),
    **_effects(
        "runpy.run_path execfile distutils.core.run_setup setuptools.sandbox.run_setup zipimport.zipimporter",
        "run_code",
        "path",
    ),
    **_effects(
        "imp.load_source imp.load_compiled importlib.util.spec_from_file_location importlib.machinery.SourceFileLoader"
        " importlib.machinery.SourcelessFileLoader",
        "run_code",
        "path",
        1,
        "location",
    ),
    **_effects("compile builtins.compile", "run_code", "compiled"),
    **_effects("runpy.run_module runpy._run_module_as_main", "run_code", "module"),
    **_effects(
        "pickle.loads pickle.load cPickle.loads _pickle.loads _pickle.load dill.loads dill.load cloudpickle.loads"
        " cloudpickle.load pickle.Unpickler().load marshal.loads marshal.load jsonpickle.decode shelve.open"
        " joblib.load pandas.read_pickle torch.load yaml.load yaml.unsafe_load yaml.full_load yaml.load_all"
        " ruamel.yaml.YAML().load _pickle.Unpickler().load numpy.loads",
        "read",
        "pickle",
    ),
    **_effects("?.eval ?.query pandas.eval numexpr.evaluate", "compute", "expression"),
    **_effects(
        "sympy.sympify sympy.S sympy.parse_expr sympy.parsing.sympy_parser.parse_expr simpleeval.simple_eval"
        " simpleeval.SimpleEval().eval simpleeval.EvalWithCompoundTypes().eval asteval.Interpreter()"
        " asteval.Interpreter().eval RestrictedPython.compile_restricted RestrictedPython.compile_restricted_exec"
        " RestrictedPython.compile_restricted_eval pandas.eval numexpr.evaluate numexpr.NumExpr numexpr.re_evaluate"
        " evalidate.Expr evalidate.safeeval restrictedpython.compile_restricted",
        "compute",
        "evaluated",
    ),
    **_effects("sympy.lambdify sympy.utilities.lambdify", "compute", "evaluated", 1),
    **_effects(
        "jinja2.Template jinja2.Environment().from_string jinja2.sandbox.SandboxedEnvironment().from_string"
        " jinja2.sandbox.ImmutableSandboxedEnvironment().from_string jinja2.environment.Template"
        " flask.render_template_string mako.template.Template django.template.Template tornado.template.Template"
        " bottle.template bottle.SimpleTemplate chameleon.PageTemplate Cheetah.Template.Template"
        " genshi.template.MarkupTemplate jinja2.nativetypes.NativeEnvironment().from_string",
        "compute",
        "template",
    ),
    **_effects(
        "breakpoint pdb.set_trace pdb.Pdb().set_trace code.interact code.InteractiveConsole().interact IPython.embed"
        " pdb.run pdb.runcall pdb.runeval pdb.runctx pdb.Pdb().run pdb.Pdb().runcall pdb.Pdb().runeval doctest.debug"
        " doctest.debug_src doctest.debug_script doctest.testsource pdb.Pdb().interaction"
        " code.InteractiveConsole().raw_input"
        " ipdb.set_trace bdb.Bdb().set_trace pdb.post_mortem pdb.pm builtins.breakpoint builtins.help"
        " IPython.start_ipython sys.breakpointhook",
        "run_code",
        "unknown",
        0,
        "",
        "from_input",
    ),
    **_effects(
        "ctypes.CDLL ctypes.cdll.LoadLibrary ctypes.PyDLL ctypes.WinDLL ctypes.OleDLL ctypes.windll.LoadLibrary"
        " cffi.FFI().dlopen imp.load_dynamic importlib.machinery.ExtensionFileLoader _imp.create_dynamic"
        " sqlite3.connect().load_extension _ctypes.dlopen",
        "load_native",
        "path",
    ),
    **_effects(
        "ctypes.CDLL().system ctypes.CDLL().execve ctypes.CDLL().execv ctypes.CDLL().popen"
        " ctypes.cdll.LoadLibrary().system ctypes.CDLL().execl ctypes.CDLL().execlp ctypes.CDLL().execvp"
        " ctypes.CDLL().execle ctypes.CDLL().posix_spawn ctypes.CDLL().dlsym ctypes.cdll.LoadLibrary().execve"
        " ctypes.cdll.LoadLibrary().popen ctypes.cdll.LoadLibrary().execl ctypes.cdll.LoadLibrary().execv"
        " ctypes.cdll.LoadLibrary().mprotect ctypes.cdll.LoadLibrary().syscall ctypes.cdll.LoadLibrary().dlsym"
        " ctypes.WinDLL().system ctypes.dlsym ctypes.call_function ctypes.dlopen ctypes.call_cdeclfunction"
        " unittest.mock.patch().get_original ctypes.CDLL().fork ctypes.CDLL().setuid"
        " ctypes.cdll.msvcrt.system ctypes.CDLL().mprotect ctypes.CDLL().ptrace ctypes.PyDLL().system"
        " ctypes.CDLL().syscall ctypes.CDLL().memfd_create ctypes.CDLL().dlopen ctypes.CDLL().mmap"
        " cffi.FFI().dlopen().system",
        "escape",
        "runtime",
    ),
    **_effects(
        " ".join(f"ctypes.pythonapi.{name}" for name in _OF_THE_INTERPRETER.split())
        + " ctypes.memmove ctypes.memset ctypes.string_at ctypes.pythonapi.Py_IncRef ctypes.from_address"
        " ctypes.c_char.from_address ctypes.py_object.from_address ctypes.pythonapi.PyRun_SimpleString"
        " ctypes.c_long.from_address ctypes.c_int.from_address ctypes.c_void_p.from_address"
        " ctypes.c_size_t.from_address"
        " ctypes.c_ssize_t.from_address ctypes.c_uint8.from_address ctypes.c_ulong.from_address"
        " ctypes.pythonapi.PyThreadState_SetAsyncExc ctypes.pythonapi.PyCell_Set"
        " ctypes.pythonapi.PyFrame_LocalsToFast",
        "escape",
        "runtime",
    ),
    **_effects(
        "ctypes.windll.kernel32.VirtualAlloc ctypes.windll.kernel32.CreateRemoteThread"
        " ctypes.windll.kernel32.WriteProcessMemory ctypes.windll.kernel32.RtlMoveMemory"
        " ctypes.windll.kernel32.VirtualAllocEx ctypes.windll.kernel32.CreateThread"
        " ctypes.windll.kernel32.VirtualProtect ctypes.windll.kernel32.OpenProcess",
        "write",
        "process",
    ),
    **_effects(
        "gc.get_objects gc.get_referrers gc.get_referents types.CodeType types.FunctionType"
        " sys.settrace sys.setprofile threading.setprofile threading.settrace_all_threads sys.setprofile_all_threads"
        " sys._current_frames threading.settrace types.CellType sys.addaudithook sys._current_exceptions"
        " object.__subclasses__ type.__subclasses__ object.__reduce_ex__ object().__subclasses__"
        " _imp.create_builtin ?.create_builtin",
        "escape",
        "runtime",
    ),
    **_effects(
        "sys._getframe inspect.currentframe inspect.stack inspect.getframeinfo inspect.getmembers dis.dis",
        "inspect",
        "runtime",
    ),
    **_effects("forbiddenfruit.curse gc.freeze", "write", "runtime"),
    # Network
    **_effects(_GETS, "download", "url", 0, "url"),
    **_effects(_POSTS, "upload", "url", 0, "url"),
    **_effects(_REQUESTS, "upload", "url", 1, "url"),
    **_effects(
        "urllib.request.urlopen urllib2.urlopen urllib.urlopen urllib.request.Request"
        " urllib.request.build_opener().open"
        " mechanize.Browser().open",
        "download",
        "url",
        0,
        "url",
    ),
    **_effects(
        "urllib.request.urlretrieve wget.download urllib.urlretrieve gdown.download", "download", "url", 0, "url"
    ),
    **_effects(
        "urllib3.PoolManager().request urllib3.request http.client.HTTPConnection().request"
        " http.client.HTTPSConnection().request",
        "upload",
        "url",
        1,
        "url",
    ),
    **_effects(
        "http.client.HTTPConnection http.client.HTTPSConnection smtplib.SMTP smtplib.SMTP_SSL"
        " ftplib.FTP ftplib.FTP_TLS"
        " telnetlib.Telnet imaplib.IMAP4_SSL imaplib.IMAP4 poplib.POP3 poplib.POP3_SSL paramiko.Transport"
        " socket.create_connection asyncio.open_connection fabric.Connection",
        "connect",
        "host",
        0,
        "host",
    ),
    **_effects(
        "paramiko.SSHClient().connect pysftp.Connection telnetlib.Telnet().open websocket.create_connection"
        " websockets.connect pymysql.connect psycopg2.connect",
        "connect",
        "host",
        0,
        "hostname",
    ),
    **_effects(
        " ".join(f"{name}.{method}" for name in _SOCKETS.split() for method in ("connect", "connect_ex")),
        "connect",
        "address",
    ),
    **_effects(
        " ".join(
            f"{name}.{method}" for name in _SOCKETS.split() for method in ("send", "sendall", "sendto", "sendfile")
        )
        + " ?.sendall ?.sendto socket.create_connection().send socket.create_connection().sendall"
        " asyncio.open_connection()[].write",
        "upload",
        "data",
    ),
    **_effects(
        " ".join(f"{name}.bind" for name in _SOCKETS.split()) + " socketserver.TCPServer http.server.HTTPServer"
        " socketserver.ThreadingTCPServer http.server.ThreadingHTTPServer asyncio.start_server socket.create_server",
        "listen",
        "address",
    ),
    **_effects(
        "socket.gethostbyname socket.getaddrinfo socket.gethostbyname_ex socket.gethostbyaddr dns.resolver.resolve"
        " dns.resolver.query",
        "resolve",
        "host",
    ),
    **_effects(
        "smtplib.SMTP().sendmail smtplib.SMTP().send_message smtplib.SMTP_SSL().sendmail"
        " smtplib.SMTP_SSL().send_message",
        "send",
        "data",
    ),
    **_effects(
        "ftplib.FTP().storbinary ftplib.FTP().storlines ?.storbinary paramiko.SSHClient().open_sftp().put"
        " ?.upload_file ?.upload_fileobj ?.put_object boto3.client().upload_file ?.upload_from_filename ?.send_file"
        " ?.files_upload ?.send_document pysftp.Connection().put",
        "upload",
        "data",
    ),
    **_effects("?.exec_command ?.invoke_shell", "run_process", "remote command"),
    **_effects(
        "scapy.all.sniff scapy.sniff pcap.pcap pcapy.open_live pyshark.LiveCapture"
        " pyshark.LiveCapture().sniff_continuously"
        " scapy.all.AsyncSniffer",
        "read",
        "traffic",
    ),
    **_effects("scapy.all.sendp scapy.all.send scapy.all.sr1 scapy.all.srp scapy.all.sr", "connect", "host"),
    **_effects("nmap.PortScanner().scan", "connect", "host", 0, "", "bulk"),
    # What a person does
    **_effects(
        "pynput.keyboard.Listener keyboard.on_press keyboard.hook keyboard.record"
        " keyboard.read_event keyboard.read_key"
        " pyxhook.HookManager pynput.mouse.Listener keyboard.on_release win32api.GetAsyncKeyState"
        " pyHook.HookManager ctypes.windll.user32.SetWindowsHookExA ctypes.windll.user32.GetAsyncKeyState"
        " evdev.InputDevice",
        "read",
        "keyboard",
    ),
    **_effects(
        "browser_cookie3.chrome browser_cookie3.firefox browser_cookie3.load win32crypt.CryptUnprotectData"
        " keyring.get_password secretstorage.get_default_collection browser_cookie3.edge",
        "read",
        "secret",
    ),
    **_effects(
        "winreg.SetValueEx winreg.CreateKey winreg.CreateKeyEx winreg.DeleteKey winreg.DeleteValue",
        "configure",
        "registry",
    ),
    **_effects("ctypes.windll.kernel32.SetFileAttributesW win32api.SetFileAttributes", "hide", "file"),
    # Packages
    **_effects("pip.main pip._internal.main pip._internal.cli.main.main ensurepip._run_pip", "install", "pip"),
    # Data bases
    **_effects("?.execute ?.executescript ?.executemany ?.execute_query", "query", "sql"),
    **_effects("?.drop_all", "delete", "drop", 0, "", "all"),
    **_effects("?.drop_database ?.delete_bucket ?.dropDatabase", "delete", "database", 0, "", "all"),
    **_effects(
        " ".join(
            f"boto3.resource().{chain}.delete"
            for chain in (
                "buckets.all()[]",
                "Bucket()",
                "Bucket().objects.all()",
                "buckets.all()[].objects.all()",
                "Bucket().objects",
                "Table()",
                "buckets.all()[].object_versions",
            )
        ),
        "delete",
        "database",
        0,
        "",
        "all",
    ),
    **_effects(
        "boto3.client().terminate_instances ?.delete_db_instance ?.delete_table", "delete", "database", 0, "", "all"
    ),
}

# Where data comes from: what it is then, in the words of `facts.TRAITS`.
SOURCES: dict[str, frozenset[str]] = {
    name: frozenset((trait,))
    for names, trait in (
        (
            "input getpass.getpass sys.stdin.read sys.stdin.readline sys.argv flask.request.args"
            " flask.request.form flask.request.json"
            " flask.request.data flask.request.values sys.stdin flask.request.get_json()"
            " raw_input flask.request.get_data"
            " fastapi.Request",
            "from_input",
        ),
        (
            "socket.socket socket.create_connection ?.recv ?.recvfrom ?.recv_into ?.read_until"
            " socket.socket().recv socket.socket().accept ssl.wrap_socket().recv"
            " socket.socket().makefile socket.socket().recvfrom imaplib.IMAP4_SSL().fetch"
            " websocket.create_connection().recv"
            " asyncio.open_connection()[].read dns.resolver.resolve dns.resolver.query",
            "from_network",
        ),
        (
            "base64.b64decode base64.b32decode base64.b16decode base64.b85decode base64.a85decode"
            " base64.urlsafe_b64decode"
            " base64.standard_b64decode base64.decodebytes binascii.unhexlify binascii.a2b_base64 binascii.a2b_hex"
            " bytes.fromhex bytearray.fromhex zlib.decompress gzip.decompress bz2.decompress"
            " lzma.decompress marshal.loads marshal.load"
            " codecs.decode codecs.getdecoder ?.decrypt cryptography.fernet.Fernet().decrypt zlib.decompressobj",
            "decoded",
        ),
        ("chr str.maketrans ?.translate operator.xor ord", "hidden"),
        (
            "pyperclip.paste PIL.ImageGrab.grab pyautogui.screenshot mss.mss cv2.VideoCapture"
            " win32clipboard.GetClipboardData"
            " sounddevice.rec pyscreenshot.grab PIL.ImageGrab.grabclipboard mss.mss().grab tkinter.Tk().clipboard_get"
            " pyaudio.PyAudio",
            "from_screen",
        ),
        (
            "os.environ os.environ.copy os.environ.items os.environb browser_cookie3.chrome keyring.get_password"
            " win32crypt.CryptUnprotectData browser_cookie3.load",
            "from_secret",
        ),
    )
    for name in names.split()
}

# Attributes by which a program climbs to what it was not given.
CLIMBS = frozenset(
    (
        *(
            "__subclasses__",
            "__globals__",
            "func_globals",
            "__builtins__",
            "f_globals",
            "f_builtins",
            "f_locals",
            "gi_frame",
        ),
        *(
            "cr_frame",
            "ag_frame",
            "tb_frame",
            "gi_code",
            "cr_code",
            "__closure__",
            "cell_contents",
            "__code__",
            "co_code",
        ),
        *("__base__", "__bases__", "__mro__", "mro", "f_back", "__loader__", "load_module", "__self__", "co_consts"),
        *(
            "__reduce_ex__",
            "__reduce__",
            "os",
            "sys",
            "subprocess",
            "builtins",
            "_Printer__filenames",
            "_Printer__setup",
            "_Printer__lines",
            "_Printer__data",
            "__getattribute__",
            "_module",
            "__import__",
            "tb_next",
            "f_code",
            "modules",
            "__init_subclass__",
            "__objclass__",
        ),
    )
)
