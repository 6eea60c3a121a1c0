; The installer for Windows, made by Inno Setup 6: iscc /DVersion=0.1.0 packaging\windows\setup.iss
; after `py dev.py bundle` has left the program in dist\warm-station. For one person, so that no administrator is needed.

#ifndef Version
  #define Version "0.1.0"
#endif

[Setup]
AppId={{6C7E1C57-1A0B-4D0E-9A57-2B8E5D0C7F11}
AppName=暖心驿站 Warm Station
AppVersion={#Version}
AppPublisher=Warm Station
DefaultDirName={autopf}\Warm Station
DefaultGroupName=暖心驿站
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputDir=..\..\dist
OutputBaseFilename=warm-station-{#Version}-windows-setup
SetupIconFile=..\..\build\made\app.ico
UninstallDisplayIcon={app}\WarmStation.exe
LicenseFile=..\..\LICENSE
Compression=lzma2
SolidCompression=yes
CloseApplications=yes

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "zh"; MessagesFile: "compiler:Languages\ChineseSimplified.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; GroupDescription: "{cm:AdditionalIcons}"

[Files]
Source: "..\..\dist\warm-station\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[InstallDelete]
; the parts of an older version; records live in the person's own folder and are never touched
Type: filesandordirs; Name: "{app}\_internal"

[Icons]
Name: "{group}\暖心驿站"; Filename: "{app}\WarmStation.exe"
Name: "{autodesktop}\暖心驿站"; Filename: "{app}\WarmStation.exe"; Tasks: desktopicon

[Run]
Filename: "{app}\WarmStation.exe"; Description: "{cm:LaunchProgram,暖心驿站}"; Flags: nowait postinstall skipifsilent
