/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules: which variables of an environment make some program run code, and what value does not. A name is here when
 * a widely used program, given that variable, runs a program, loads a library, a module or a plug-in, or evaluates the
 * value. The first row that matches decides. Variables that an application made for itself are not ours to know.
 */
#include <config.h>

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "config/envrules_parts.h"

#define NEVER   ENV_TEST_NEVER
#define FREE    ENV_TEST_FREE
#define PATH    ENV_TEST_PATH
#define PATHS   ENV_TEST_PATHS
#define COMMAND ENV_TEST_COMMAND
#define PROGRAM ENV_TEST_PROGRAM

#define LOADS   "libraries are loaded by it"
#define MODULES "modules are loaded by it"
#define RUNS    "it names a program that is run"
#define EVALS   "it is run as code"
#define CONFIGS "it names a file that can name programs"
#define OPTIONS "its options can load or run code"
#define TOOLS   "programs are run from there"

/* clang-format off */
static const struct env_rule rules[] = {
	/* never touched: without them nothing is found; the rest are homes and caches of tools, and switches */
	{ "PATH", FREE, NULL }, { "HOME", FREE, NULL }, { "CARGO_HOME", FREE, NULL }, { "RUSTUP_HOME", FREE, NULL },
	{ "CARGO_TARGET_DIR", FREE, NULL }, { "GOPATH", FREE, NULL }, { "GOCACHE", FREE, NULL },
	{ "GOMODCACHE", FREE, NULL }, { "GOTOOLCHAIN", FREE, NULL }, { "PYTHONUNBUFFERED", FREE, NULL },
	{ "PYTHONDONTWRITEBYTECODE", FREE, NULL }, { "VIRTUAL_ENV", FREE, NULL }, { "NVM_DIR", FREE, NULL },

	/* the dynamic linker and the C library */
	{ "LD_PRELOAD",			NEVER,	"it loads a library into every program" },
	{ "LD_AUDIT",			NEVER,	"it loads a library into every program" },
	{ "LD_LIBRARY_PATH",		PATHS,	LOADS },
	{ "LD_ORIGIN_PATH",		PATHS,	LOADS },
	{ "LD_RUN_PATH",		PATHS,	LOADS },
	{ "NIX_LD",			PATH,	TOOLS },
	{ "NIX_LD_LIBRARY_PATH",	PATHS,	LOADS },
	{ "QEMU_LD_PREFIX",		PATH,	LOADS },
	{ "QEMU_SET_ENV",		NEVER,	"it is an environment again" },
	{ "GCONV_PATH",			PATHS,	LOADS },
	{ "GETCONF_DIR",		PATH,	TOOLS },
	{ "LOCPATH",			PATHS,	"locales are read from there" },
	{ "NLSPATH",			PATHS,	"format strings are read from there" },

	/* shells */
	{ "BASH_ENV",			NEVER,	"every script of bash runs it first" },
	{ "ENV",			NEVER,	"every interactive shell runs it first" },
	{ "PROMPT_COMMAND",		NEVER,	EVALS },
	{ "BASH_FUNC_*",		NEVER,	"an exported function takes the place of a program" },
	{ "__BASH_FUNC*",		NEVER,	"an exported function takes the place of a program" },
	{ "BASH_LOADABLES_PATH",	PATHS,	LOADS },
	{ "SHELLOPTS",			NEVER,	"it switches on what evaluates PS4" },
	{ "BASHOPTS",			NEVER,	"it switches on hooks of the debugger" },
	{ "PS0", ENV_TEST_PROMPT, EVALS }, { "PS1", ENV_TEST_PROMPT, EVALS }, { "PS2", ENV_TEST_PROMPT, EVALS },
	{ "PS3", ENV_TEST_PROMPT, EVALS }, { "PS4", ENV_TEST_PROMPT, EVALS },
	{ "PROMPT", ENV_TEST_PROMPT, EVALS }, { "RPROMPT", ENV_TEST_PROMPT, EVALS },
	{ "ZDOTDIR",			PATH,	"zsh runs the files there" },
	{ "FPATH",			PATHS,	"functions are loaded from there" },
	{ "CDPATH",			PATHS,	"it sends scripts into other directories" },
	{ "INPUTRC",			PATH,	CONFIGS },
	{ "SHELL",			PATH,	RUNS },
	{ "MAILPATH", ENV_TEST_PROMPT, EVALS }, { "NULLCMD", PROGRAM, RUNS }, { "READNULLCMD", PROGRAM, RUNS },
	{ "XDG_CONFIG_DIRS", PATHS, "configuration is read from there" }, { "XDG_DATA_DIRS", PATHS, "plug-ins are listed there" },
	{ "CONFIG_SHELL",		COMMAND, RUNS },
	{ "CONFIG_SITE",		PATH,	"every configure runs it first" },
	{ "PARALLEL_SHELL",		COMMAND, RUNS },

	/* pagers, editors, and what they are told */
	{ "PAGER", PROGRAM, RUNS }, { "GIT_PAGER", PROGRAM, RUNS }, { "MANPAGER", PROGRAM, RUNS },
	{ "SYSTEMD_PAGER", PROGRAM, RUNS }, { "AWS_PAGER", PROGRAM, RUNS }, { "GH_PAGER", PROGRAM, RUNS },
	{ "BAT_PAGER", PROGRAM, RUNS }, { "DELTA_PAGER", PROGRAM, RUNS }, { "PSQL_PAGER", PROGRAM, RUNS },
	{ "EDITOR", PROGRAM, RUNS }, { "VISUAL", PROGRAM, RUNS }, { "GIT_EDITOR", PROGRAM, RUNS },
	{ "GIT_SEQUENCE_EDITOR", PROGRAM, RUNS }, { "SVN_EDITOR", PROGRAM, RUNS }, { "SUDO_EDITOR", PROGRAM, RUNS },
	{ "SYSTEMD_EDITOR", PROGRAM, RUNS }, { "KUBE_EDITOR", PROGRAM, RUNS }, { "GH_EDITOR", PROGRAM, RUNS },
	{ "PSQL_EDITOR", PROGRAM, RUNS }, { "BUNDLER_EDITOR", PROGRAM, RUNS }, { "HGEDITOR", PROGRAM, RUNS },
	 { "FCEDIT", PROGRAM, RUNS }, { "LESSEDIT", NEVER, RUNS },
	{ "BROWSER", COMMAND, RUNS }, { "GH_BROWSER", COMMAND, RUNS },
	{ "LESSOPEN", NEVER, RUNS }, { "LESSCLOSE", NEVER, RUNS }, { "LESS", ENV_TEST_LESS, OPTIONS },
	{ "SYSTEMD_LESS", ENV_TEST_LESS, OPTIONS }, { "LESSKEY", PATH, CONFIGS }, { "LESSKEYIN", PATH, CONFIGS },
	{ "LESSKEY_SYSTEM", PATH, CONFIGS }, { "LESSKEYIN_SYSTEM", PATH, CONFIGS }, { "LESSKEY_CONTENT", NEVER, CONFIGS },
	{ "LESSECHO", COMMAND, RUNS }, { "MAILCAPS", PATHS, CONFIGS }, { "SCREENRC", PATH, CONFIGS }, { "GNUPGHOME", PATH, CONFIGS },
	{ "MANROFFSEQ", COMMAND, OPTIONS }, { "MANOPT", NEVER, OPTIONS },
	{ "VIMINIT", NEVER, EVALS }, { "GVIMINIT", NEVER, EVALS }, { "EXINIT", NEVER, EVALS },
	{ "VIM", PATH, EVALS }, { "VIMRUNTIME", PATH, EVALS }, { "EMACSLOADPATH", PATHS, MODULES },
	{ "EMACSPATH", PATHS, TOOLS }, { "EMACSDATA", PATH, MODULES },
	{ "PSQLRC", PATH, CONFIGS }, { "RIPGREP_CONFIG_PATH", PATH, CONFIGS }, { "BAT_CONFIG_PATH", PATH, CONFIGS },
	{ "STARSHIP_CONFIG", PATH, CONFIGS }, { "DIRENV_CONFIG", PATH, CONFIGS },
	{ "FZF_DEFAULT_COMMAND", NEVER, EVALS }, { "FZF_DEFAULT_OPTS", NEVER, OPTIONS },
	{ "FZF_DEFAULT_OPTS_FILE", PATH, CONFIGS }, { "FZF_*_COMMAND", NEVER, EVALS }, { "FZF_*_OPTS", NEVER, OPTIONS },

	/* git and other version control */
	{ "GIT_SSH", NEVER, RUNS }, { "GIT_SSH_COMMAND", NEVER, EVALS }, { "GIT_ASKPASS", COMMAND, RUNS },
	{ "GIT_PROXY_COMMAND", NEVER, RUNS }, { "GIT_EXTERNAL_DIFF", NEVER, RUNS },
	{ "GIT_CONFIG_COUNT", NEVER, CONFIGS }, { "GIT_CONFIG_KEY_*", NEVER, CONFIGS },
	{ "GIT_CONFIG_VALUE_*", NEVER, CONFIGS }, { "GIT_CONFIG_PARAMETERS", NEVER, CONFIGS },
	{ "GIT_CONFIG_NOSYSTEM", FREE, NULL }, { "GIT_CONFIG_*", PATH, CONFIGS }, { "GIT_CONFIG", PATH, CONFIGS },
	{ "GIT_TEMPLATE_DIR", PATH, "hooks are copied from there" }, { "GIT_EXEC_PATH", PATHS, TOOLS },
	{ "GIT_DIR", PATH, CONFIGS }, { "GIT_COMMON_DIR", PATH, CONFIGS },
	{ "GIT_ALLOW_PROTOCOL", ENV_TEST_GIT_PROTOCOL, OPTIONS }, { "VSCODE_GIT_ASKPASS_*", NEVER, RUNS },
	{ "HGRCPATH", PATHS, CONFIGS }, { "HGMERGE", PROGRAM, RUNS }, { "SVN_SSH", NEVER, RUNS }, { "CVS_RSH", NEVER, RUNS },
	{ "BZR_SSH", NEVER, RUNS }, { "BZR_PLUGIN_PATH", PATHS, MODULES }, { "P4DIFF", NEVER, RUNS }, { "P4MERGE", NEVER, RUNS },

	/* ssh, rsync, tar, and what asks for passwords */
	{ "SSH_ASKPASS", COMMAND, RUNS }, { "SUDO_ASKPASS", COMMAND, RUNS }, { "SSH_PKCS11_HELPER", NEVER, RUNS },
	{ "SSH_SK_HELPER", NEVER, RUNS }, { "SSH_SK_PROVIDER", NEVER, LOADS }, { "RSYNC_RSH", NEVER, RUNS },
	{ "RSYNC_CONNECT_PROG", NEVER, RUNS }, { "RSH", COMMAND, RUNS }, { "TAR_OPTIONS", NEVER, OPTIONS },
	{ "CURL_HOME", PATH, CONFIGS }, { "WGETRC", PATH, CONFIGS }, { "SYSTEM_WGETRC", PATH, CONFIGS },
	{ "APT_CONFIG", PATH, CONFIGS }, { "DOCKER_CONFIG", PATH, CONFIGS }, { "DBUS_*_BUS_ADDRESS", ENV_TEST_BUS, RUNS },
	{ "KRB5_CONFIG", PATHS, CONFIGS }, { "SASL_PATH", PATHS, LOADS },
	{ "OPENSSL_CONF", NEVER, "it loads engines and providers" }, { "OPENSSL_CONF_INCLUDE", NEVER, "it loads engines and providers" },
	{ "OPENSSL_ENGINES", PATH, LOADS }, { "OPENSSL_MODULES", PATH, LOADS },

	/* Python */
	{ "PYTHONSTARTUP", NEVER, EVALS }, { "PYTHONBREAKPOINT", NEVER, MODULES }, { "PYTHONPATH", PATHS, MODULES },
	{ "PYTHONHOME", PATHS, MODULES }, { "PYTHONUSERBASE", PATH, MODULES }, { "PYTHONPLATLIBDIR", NEVER, MODULES },
	{ "PYTHONPYCACHEPREFIX", PATH, MODULES }, { "PYTHONEXECUTABLE", PATH, RUNS },
	{ "PYTHONWARNINGS", ENV_TEST_PYTHON_WARNINGS, MODULES }, { "PYTEST_PLUGINS", NEVER, MODULES },
	{ "PYTEST_ADDOPTS", ENV_TEST_PYTEST, OPTIONS }, { "PIP_CONFIG_FILE", PATH, CONFIGS }, { "PIP_PYTHON", COMMAND, RUNS },
	{ "UV_PYTHON", COMMAND, RUNS }, { "CONDA_EXE", COMMAND, RUNS }, { "CONDA_PYTHON_EXE", COMMAND, RUNS },
	{ "CLOUDSDK_PYTHON", COMMAND, RUNS }, { "IPYTHONDIR", PATH, EVALS }, { "JUPYTER_CONFIG_DIR", PATH, EVALS },
	{ "JUPYTER_CONFIG_PATH", PATHS, EVALS }, { "JUPYTER_PATH", PATHS, CONFIGS }, { "MPLBACKEND", COMMAND, MODULES },
	{ "ANSIBLE_CONFIG", PATH, CONFIGS }, { "ANSIBLE_LIBRARY", PATHS, MODULES }, { "ANSIBLE_*_PLUGINS", PATHS, MODULES },
	{ "COVERAGE_PROCESS_START", PATH, CONFIGS }, { "PIPX_DEFAULT_PYTHON", COMMAND, RUNS },
	{ "TORCH_EXTENSIONS_DIR", PATH, LOADS },

	/* Perl, Ruby, PHP, Lua, Tcl, R, Julia, Erlang, OCaml, Haskell */
	{ "PERL5OPT", NEVER, OPTIONS }, { "PERL5DB", NEVER, EVALS }, { "PERL5SHELL", NEVER, RUNS }, { "PERLIO", NEVER, MODULES },
	{ "PERL5LIB", PATHS, MODULES }, { "PERLLIB", PATHS, MODULES }, { "PERL_MM_OPT", NEVER, OPTIONS },
	{ "PERL_MB_OPT", NEVER, OPTIONS }, { "HARNESS_PERL", COMMAND, RUNS }, { "HARNESS_PERL_SWITCHES", NEVER, OPTIONS },
	{ "RUBYOPT", ENV_TEST_RUBY, OPTIONS }, { "BUNDLER_ORIG_RUBYOPT", ENV_TEST_RUBY, OPTIONS },
	{ "RUBYLIB", PATHS, MODULES }, { "BUNDLER_ORIG_RUBYLIB", PATHS, MODULES }, { "RUBYSHELL", NEVER, RUNS },
	{ "GEM_HOME", PATH, MODULES }, { "GEM_PATH", PATHS, MODULES }, { "BUNDLE_GEMFILE", PATH, EVALS },
	{ "RUBYGEMS_GEMDEPS", PATH, EVALS }, { "IRBRC", PATH, EVALS }, { "PRYRC", PATH, EVALS },
	{ "RUBY_DEBUG_*", NEVER, "it opens a debugger" },
	{ "PHPRC", PATH, CONFIGS }, { "PHP_INI_SCAN_DIR", PATHS, CONFIGS }, { "PHP_AUTOCONF", COMMAND, RUNS },
	{ "LUA_INIT*", NEVER, EVALS }, { "LUA_PATH*", ENV_TEST_LUA_PATH, MODULES }, { "LUA_CPATH*", ENV_TEST_LUA_PATH, LOADS },
	{ "TCLLIBPATH", PATH, MODULES }, { "TCL_LIBRARY", PATH, MODULES }, { "TK_LIBRARY", PATH, MODULES },
	{ "R_PROFILE*", PATH, EVALS }, { "R_ENVIRON*", PATH, CONFIGS }, { "R_LIBS*", PATHS, MODULES }, { "R_HOME", PATH, TOOLS },
	{ "JULIA_LOAD_PATH", PATHS, MODULES }, { "JULIA_BINDIR", PATH, TOOLS },
	{ "ERL_LIBS", PATHS, MODULES }, { "ERL_FLAGS", ENV_TEST_ERLANG, OPTIONS }, { "ERL_AFLAGS", ENV_TEST_ERLANG, OPTIONS },
	{ "ERL_ZFLAGS", ENV_TEST_ERLANG, OPTIONS }, { "ELIXIR_ERL_OPTIONS", ENV_TEST_ERLANG, OPTIONS },
	{ "CAML_LD_LIBRARY_PATH", PATHS, LOADS }, { "OCAMLPATH", PATHS, MODULES }, { "GHC_PACKAGE_PATH", PATHS, MODULES },
	{ "GHC_ENVIRONMENT", PATH, CONFIGS }, { "AWKPATH", PATHS, MODULES }, { "AWKLIBPATH", PATHS, LOADS },
	{ "M4PATH", PATHS, MODULES }, { "GS_LIB", PATHS, EVALS },

	/* JavaScript */
	{ "NODE_OPTIONS", ENV_TEST_NODE, OPTIONS }, { "NODE_PATH", PATHS, MODULES }, { "NODE_REPL_EXTERNAL_MODULE", NEVER, MODULES },
	{ "NODE_COMPILE_CACHE", PATH, MODULES }, { "NODE_INSPECT_RESUME_ON_START", NEVER, "it opens a debugger" },
	{ "VSCODE_INSPECTOR_OPTIONS", NEVER, "it opens a debugger" }, { "BUN_OPTIONS", NEVER, OPTIONS },
	{ "BUN_INSPECT*", NEVER, "it opens a debugger" }, { "BUN_CONFIG_FILE", PATH, CONFIGS },
	{ "NODE_GYP_FORCE_PYTHON", COMMAND, RUNS }, { "TS_NODE_COMPILER", COMMAND, MODULES }, { "ESBUILD_BINARY_PATH", PATH, RUNS },
	{ "SASS_BINARY_PATH", PATH, LOADS }, { "PRISMA_*_LIBRARY", PATH, LOADS }, { "PRISMA_*_BINARY", PATH, RUNS },
	{ "PUPPETEER_EXECUTABLE_PATH", PATH, RUNS }, { "CHROME_BIN", COMMAND, RUNS }, { "CHROME_PATH", COMMAND, RUNS },
	{ "ELECTRON_OVERRIDE_DIST_PATH", PATH, TOOLS },

	/* Java */
	{ "JAVA_TOOL_OPTIONS", ENV_TEST_JAVA, OPTIONS }, { "_JAVA_OPTIONS", ENV_TEST_JAVA, OPTIONS },
	{ "JDK_JAVA_OPTIONS", ENV_TEST_JAVA, OPTIONS }, { "JDK_JAVAC_OPTIONS", NEVER, OPTIONS },
	{ "OPENJ9_JAVA_OPTIONS", ENV_TEST_JAVA, OPTIONS }, { "IBM_JAVA_OPTIONS", ENV_TEST_JAVA, OPTIONS },
	{ "JAVA_OPTS", ENV_TEST_JAVA_SHELL, OPTIONS }, { "*_JAVA_OPTS", ENV_TEST_JAVA_SHELL, OPTIONS },
	{ "JVM_OPTS", ENV_TEST_JAVA_SHELL, OPTIONS }, { "*_JVM_OPTS", ENV_TEST_JAVA_SHELL, OPTIONS },
	{ "MAVEN_OPTS", ENV_TEST_JAVA_SHELL, OPTIONS }, { "GRADLE_OPTS", ENV_TEST_JAVA_SHELL, OPTIONS },
	{ "SBT_OPTS", ENV_TEST_JAVA_SHELL, OPTIONS }, { "ANT_OPTS", ENV_TEST_JAVA_SHELL, OPTIONS },
	{ "CATALINA_OPTS", ENV_TEST_JAVA_SHELL, OPTIONS }, { "MAVEN_ARGS", ENV_TEST_MAVEN, OPTIONS },
	{ "MAVEN_CONFIG", ENV_TEST_MAVEN, OPTIONS }, { "ANT_ARGS", NEVER, OPTIONS }, { "MAVEN_DEBUG_OPTS", NEVER, "it opens a debugger" },
	{ "JAVA_DEBUG", NEVER, "it opens a debugger" }, { "CLASSPATH", PATHS, MODULES }, { "JAVACMD", COMMAND, RUNS },
	{ "JAVA_HOME", PATH, TOOLS }, { "JRE_HOME", PATH, TOOLS }, { "JDK_HOME", PATH, TOOLS }, { "MAVEN_HOME", PATH, TOOLS },
	{ "M2_HOME", PATH, TOOLS }, { "GRADLE_HOME", PATH, TOOLS }, { "ANT_HOME", PATH, TOOLS }, { "GROOVY_HOME", PATH, TOOLS },
	{ "KOTLIN_HOME", PATH, TOOLS }, { "SCALA_HOME", PATH, TOOLS }, { "CATALINA_HOME", PATH, TOOLS },

	/* .NET */
	{ "DOTNET_STARTUP_HOOKS", NEVER, LOADS }, { "DOTNET_ADDITIONAL_DEPS", NEVER, LOADS }, { "DOTNET_SHARED_STORE", PATHS, LOADS },
	{ "DOTNET_ROOT*", PATH, TOOLS }, { "CORECLR_*", NEVER, LOADS }, { "COR_PROFILER*", NEVER, LOADS }, { "COR_ENABLE_PROFILING", NEVER, LOADS },
	{ "DOTNET_*PROFILER*", NEVER, LOADS }, { "ASPNETCORE_HOSTINGSTARTUPASSEMBLIES", NEVER, LOADS },
	{ "DOTNET_GCName", NEVER, LOADS }, { "DOTNET_GCPath", NEVER, LOADS }, { "COMPlus_GCName", NEVER, LOADS },
	{ "COMPlus_GCPath", NEVER, LOADS },
	{ "DOTNET_DiagnosticPorts", NEVER, "it opens a debugger" }, { "DOTNET_BUNDLE_EXTRACT_BASE_DIR", PATH, LOADS },
	{ "MONO_PATH", PATHS, LOADS }, { "MONO_ENV_OPTIONS", NEVER, OPTIONS }, { "MONO_CONFIG", PATH, CONFIGS },
	{ "PSModulePath", PATHS, MODULES }, { "NUGET_*PLUGIN_PATHS", NEVER, RUNS }, { "MSBuildSDKsPath", PATH, MODULES },
	{ "MSBUILD_EXE_PATH", PATH, RUNS }, { "CustomBeforeMicrosoft*", NEVER, EVALS }, { "CustomAfterMicrosoft*", NEVER, EVALS },
	{ "DirectoryBuild*Path", NEVER, EVALS },

	/* Rust */
	{ "RUSTC_WRAPPER", NEVER, RUNS }, { "RUSTC_WORKSPACE_WRAPPER", NEVER, RUNS }, { "CARGO_BUILD_RUSTC_WRAPPER", NEVER, RUNS },
	{ "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER", NEVER, RUNS }, { "CARGO_TARGET_*_RUNNER", NEVER, RUNS },
	{ "CARGO_TARGET_*_LINKER", NEVER, RUNS }, { "CARGO_HOST_RUNNER", NEVER, RUNS }, { "CARGO_HOST_LINKER", NEVER, RUNS },
	{ "CARGO_HOST_*_LINKER", NEVER, RUNS }, { "CARGO_*CREDENTIAL_PROVIDER*", NEVER, RUNS }, { "CARGO_CREDENTIAL_ALIAS_*", NEVER, RUNS },
	{ "CARGO_ALIAS_*", NEVER, "it gives a command another meaning" }, { "CARGO_DOC_BROWSER", COMMAND, RUNS },
	{ "RUSTC", COMMAND, RUNS }, { "RUSTDOC", COMMAND, RUNS }, { "RUSTFMT", COMMAND, RUNS }, { "CARGO", COMMAND, RUNS },
	{ "CARGO_BUILD_RUSTC", COMMAND, RUNS }, { "CARGO_BUILD_RUSTDOC", COMMAND, RUNS }, { "RUSTUP_TOOLCHAIN", COMMAND, TOOLS },
	{ "RUSTFLAGS", ENV_TEST_RUST, OPTIONS }, { "RUSTDOCFLAGS", ENV_TEST_RUST, OPTIONS },
	{ "CARGO_BUILD_RUSTFLAGS", ENV_TEST_RUST, OPTIONS }, { "CARGO_BUILD_RUSTDOCFLAGS", ENV_TEST_RUST, OPTIONS },
	{ "CARGO_TARGET_*_RUSTFLAGS", ENV_TEST_RUST, OPTIONS }, { "CARGO_TARGET_*_RUSTDOCFLAGS", ENV_TEST_RUST, OPTIONS },
	{ "CARGO_ENCODED_RUSTFLAGS", ENV_TEST_RUST_ENCODED, OPTIONS }, { "CARGO_ENCODED_RUSTDOCFLAGS", ENV_TEST_RUST_ENCODED, OPTIONS },
	{ "LIBCLANG_PATH", PATH, LOADS }, { "LLVM_CONFIG_PATH", COMMAND, RUNS },

	/* Go */
	{ "GOFLAGS", ENV_TEST_GO, OPTIONS }, { "GOROOT", PATH, TOOLS }, { "GOTOOLDIR", PATH, TOOLS }, { "GOENV", COMMAND, CONFIGS },
	{ "GOCACHEPROG", NEVER, RUNS }, { "GOAUTH", NEVER, RUNS }, { "GCCGO", COMMAND, RUNS }, { "CGO_*_ALLOW", NEVER, OPTIONS },
	{ "CGO_*FLAGS", ENV_TEST_COMPILER, OPTIONS },

	/* C, make and their kin */
	{ "MAKEFLAGS", ENV_TEST_MAKE, OPTIONS }, { "GNUMAKEFLAGS", ENV_TEST_MAKE, OPTIONS }, { "MFLAGS", ENV_TEST_MAKE, OPTIONS },
	{ "MAKEFILES", NEVER, EVALS }, { "MAKE", COMMAND, RUNS }, { "MAKESHELL", COMMAND, RUNS },
	{ "CC", COMMAND, RUNS }, { "CXX", COMMAND, RUNS }, { "CPP", COMMAND, RUNS }, { "LD", COMMAND, RUNS }, { "AR", COMMAND, RUNS },
	{ "AS", COMMAND, RUNS }, { "NM", COMMAND, RUNS }, { "FC", COMMAND, RUNS }, { "F77", COMMAND, RUNS }, { "RANLIB", COMMAND, RUNS },
	{ "STRIP", COMMAND, RUNS }, { "OBJCOPY", COMMAND, RUNS }, { "LEX", COMMAND, RUNS }, { "YACC", COMMAND, RUNS },
	{ "CC_*linux*", COMMAND, RUNS }, { "CXX_*linux*", COMMAND, RUNS }, { "AR_*linux*", COMMAND, RUNS },
	{ "HOST_CC", COMMAND, RUNS }, { "HOST_CXX", COMMAND, RUNS }, { "TARGET_CC", COMMAND, RUNS },
	{ "TARGET_CXX", COMMAND, RUNS }, { "NVCC", COMMAND, RUNS },
	{ "CUDACXX", COMMAND, RUNS }, { "CUDAHOSTCXX", COMMAND, RUNS }, { "NVCC_PREPEND_FLAGS", ENV_TEST_COMPILER, OPTIONS },
	{ "NVCC_APPEND_FLAGS", ENV_TEST_COMPILER, OPTIONS }, { "CFLAGS", ENV_TEST_COMPILER, OPTIONS },
	{ "CXXFLAGS", ENV_TEST_COMPILER, OPTIONS }, { "CPPFLAGS", ENV_TEST_COMPILER, OPTIONS }, { "LDFLAGS", ENV_TEST_COMPILER, OPTIONS },
	{ "CFLAGS_*", ENV_TEST_COMPILER, OPTIONS }, { "CXXFLAGS_*", ENV_TEST_COMPILER, OPTIONS }, { "FFLAGS", ENV_TEST_COMPILER, OPTIONS },
	{ "GCC_EXEC_PREFIX", PATH, TOOLS }, { "COMPILER_PATH", PATHS, TOOLS }, { "LIBRARY_PATH", PATHS, "what is linked is found there" },
	{ "CPATH", PATHS, "what is compiled is found there" }, { "C_INCLUDE_PATH", PATHS, "what is compiled is found there" },
	{ "CPLUS_INCLUDE_PATH", PATHS, "what is compiled is found there" }, { "PKG_CONFIG", COMMAND, RUNS },
	{ "PKG_CONFIG_PATH", PATHS, OPTIONS }, { "PKG_CONFIG_LIBDIR", PATHS, OPTIONS }, { "ACLOCAL_PATH", PATHS, MODULES },
	{ "CMAKE_TOOLCHAIN_FILE", PATH, EVALS }, { "CMAKE_PREFIX_PATH", PATHS, EVALS }, { "CMAKE_*_COMPILER_LAUNCHER", COMMAND, RUNS },
	{ "CMAKE_*_LINKER_LAUNCHER", COMMAND, RUNS }, { "CCACHE_PREFIX*", NEVER, RUNS }, { "CCACHE_COMPILER", COMMAND, RUNS },
	{ "CCACHE_CONFIGPATH", PATH, CONFIGS }, { "*_SYMBOLIZER_PATH", PATH, RUNS }, { "*SAN_OPTIONS", ENV_TEST_SANITIZER, OPTIONS },
	{ "CUDA_HOME", PATH, TOOLS }, { "CUDA_PATH", PATH, TOOLS },

	/* plug-ins of libraries and tools */
	{ "CUDA_INJECTION*_PATH", NEVER, LOADS }, { "NVTX_INJECTION*_PATH", NEVER, LOADS }, { "NCCL_*_PLUGIN", COMMAND, LOADS },
	{ "OMPI_MCA_plm_rsh_agent", NEVER, RUNS }, { "OMPI_MCA_orte_launch_agent", NEVER, RUNS },
	{ "LIBGL_DRIVERS_PATH", PATHS, LOADS }, { "LIBVA_DRIVERS_PATH", PATHS, LOADS }, { "VDPAU_DRIVER_PATH", PATHS, LOADS },
	{ "GBM_BACKENDS_PATH", PATHS, LOADS }, { "VK_ICD_FILENAMES", PATHS, LOADS }, { "VK_DRIVER_FILES", PATHS, LOADS },
	{ "VK_*LAYER_PATH", PATHS, LOADS }, { "OCL_ICD_*", PATHS, LOADS }, { "__EGL_VENDOR_LIBRARY_*", PATHS, LOADS },
	{ "GST_PLUGIN_SCANNER*", PATH, RUNS }, { "GST_PLUGIN_*PATH*", PATHS, LOADS }, { "GTK_MODULES", NEVER, LOADS }, { "GTK_PATH", PATHS, LOADS },
	{ "GDK_PIXBUF_MODULE_FILE", PATH, LOADS }, { "GDK_PIXBUF_MODULEDIR", PATH, LOADS }, { "GIO_EXTRA_MODULES", PATHS, LOADS },
	{ "GIO_MODULE_DIR", PATH, LOADS }, { "GI_TYPELIB_PATH", PATHS, LOADS }, { "QT_PLUGIN_PATH", PATHS, LOADS },
	{ "QT_QPA_PLATFORM_PLUGIN_PATH", PATHS, LOADS }, { "QML*IMPORT_PATH", PATHS, MODULES }, { "LADSPA_PATH", PATHS, LOADS },
	{ "MAGICK_CODER_*_PATH", PATHS, LOADS }, { "MAGICK_CONFIGURE_PATH", PATHS, CONFIGS }, { "GDAL_DRIVER_PATH", PATHS, LOADS },
	{ "HDF5_PLUGIN_PATH", PATHS, LOADS }, { "LIBMYSQL_PLUGIN*", NEVER, LOADS }, { "HELM_PLUGINS", PATHS, RUNS },
	{ "TF_CLI_CONFIG_FILE", PATH, CONFIGS }, { "TERRAFORM_CONFIG", PATH, CONFIGS }, { "TERRAGRUNT_TFPATH", COMMAND, RUNS },
};

/* Of npm and its kin: any case, and `-' as `_'. */
static const struct env_rule npm_rules[] = {
	{ "script_shell", NEVER, RUNS }, { "shell", NEVER, RUNS }, { "node_options", ENV_TEST_NODE, OPTIONS },
	{ "editor", PROGRAM, RUNS }, { "viewer", COMMAND, RUNS }, { "browser", COMMAND, RUNS }, { "git", COMMAND, RUNS },
	{ "python", COMMAND, RUNS }, { "node_gyp", PATH, RUNS }, { "init_module", PATH, EVALS }, { "onload_script", NEVER, EVALS },
	{ "userconfig", PATH, CONFIGS }, { "globalconfig", PATH, CONFIGS }, { "pnpmfile", NEVER, EVALS },
	{ "global_pnpmfile", NEVER, EVALS }, { "yarn_path", NEVER, EVALS }, { "plugins", NEVER, EVALS }, { "rc_filename", NEVER, CONFIGS },
};

static const char *const npm_prefixes[] = { "npm_config_", "pnpm_config_", "yarn_" };

/* What strict lets through: who, where, and how to write to the terminal. */
static const char *const base[] = {
	"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "LANG", "LANGUAGE", "LC_*", "TZ", "HOSTNAME", "PWD",
	"container",
};
/* clang-format on */

bool env_name_matches(const char *pattern, const char *name, size_t len)
{
	const char *star = NULL;
	size_t mark = 0, i = 0;

	while (i < len) {
		if (*pattern == '*') {
			star = pattern++;
			mark = i;
		} else if (*pattern == name[i]) {
			pattern++;
			i++;
		} else if (star) { /* the star takes one byte more */
			pattern = star + 1;
			i = ++mark;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool same_letter(char a, char b)
{
	if (b >= 'A' && b <= 'Z')
		b = (char)(b - 'A' + 'a');
	return a == b || (a == '_' && b == '-');
}

static bool npm_equal(const char *lower, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!lower[i] || !same_letter(lower[i], name[i]))
			return false;
	return true;
}

static const struct env_rule *find_npm(const char *name, size_t len)
{
	for (size_t p = 0; p < ARRAY_SIZE(npm_prefixes); p++) {
		size_t before = strlen(npm_prefixes[p]);

		if (len <= before || !npm_equal(npm_prefixes[p], name, before))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(npm_rules); i++)
			if (strlen(npm_rules[i].name) == len - before &&
			    npm_equal(npm_rules[i].name, name + before, len - before))
				return &npm_rules[i];
	}
	return NULL;
}

const struct env_rule *env_rule_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if ((rules[i].name[0] == name[0] || rules[i].name[0] == '*') &&
		    env_name_matches(rules[i].name, name, len))
			return &rules[i];
	return find_npm(name, len);
}

bool env_is_base(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(base); i++)
		if (env_name_matches(base[i], name, len))
			return true;
	return false;
}
